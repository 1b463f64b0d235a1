import StateDicts

/// A prefix that the names of a state dict share and the model's names do not have: `module.` of DataParallel,
/// `_orig_mod.` of `torch.compile`, `model.` of Lightning.
public struct CommonPrefix: Hashable, Sendable {
  /// The prefix with its dot, such as `module.` or, for several wrappers, `module._orig_mod.`.
  public let text: String
  /// The number of the model's tensors whose names are found without the prefix.
  public internal(set) var boundCount: Int
  /// Whether it was stripped.
  public internal(set) var isStripped = false
  /// What the names begin with, once the wrappers are taken out of them.
  private let leading: String
  /// Whether wrappers are taken out wherever they stand, since they can lie around inner modules too.
  private let unwraps: Bool

  /// Wrappers that put a component of their own into every name beneath them, at any depth.
  private static let wrappers: Set<ExactName> = Set(
    ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"].map(ExactName.init)
  )

  /// The branches of a state dict's names that hold most of a model's names, if they hold more than the plain names do.
  ///
  /// More than one is returned where several hold equally many, such as the two encoders of a MoCo checkpoint.
  ///
  /// - Parameter work: Grows by the bytes that were looked at.
  /// - Complexity: O(bytes of all names).
  static func branches(of names: [String], for registry: ParameterRegistry, work: inout Int) -> [CommonPrefix] {
    let plain = Branches(of: names, for: registry, work: &work)
    var (found, wrappers) = (plain, "")
    work += names.reduce(0) { $0 + $1.utf8.count }
    if let wrapped = names.lazy.map(Self.wrappers(in:)).first(where: { !$0.isEmpty }) {
      let unwrapped = Branches(of: names.map(unwrap), for: registry, work: &work)
      if unwrapped.count > plain.count { (found, wrappers) = (unwrapped, wrapped) }
    }
    // A branch with a few names in common, such as any block's bn1, is no wrapping of the model.
    let gain = found.count - plain.countAtTop
    guard gain > 0, gain * 2 >= min(registry.held.count - plain.countAtTop, names.count) else { return [] }
    return found.leading.map { leading in
      CommonPrefix(
        text: leading + wrappers, boundCount: found.count, leading: leading, unwraps: !wrappers.isEmpty)
    }
  }

  /// The renaming that strips the prefix; nil where wrappers are taken out of the middle of names.
  var renaming: KeyMap.Renaming? { unwraps ? nil : try? KeyMap.Renaming("\(leading)*=*") }

  /// The name without the prefix; a name that does not have it stays as it is.
  func stripping(_ name: String) -> String {
    let name = unwraps ? Self.unwrap(name) : name
    if name.utf8.starts(with: leading.utf8) {
      return String(decoding: name.utf8.dropFirst(leading.utf8.count), as: UTF8.self)
    }
    // A module's own path has no dot at its end.
    return name + "." == leading ? "" : name
  }

  private static func wrappers(in name: String) -> String {
    name.nameComponents.filter(wrappers.contains).map { $0.text + "." }.joined()
  }

  private static func unwrap(_ name: String) -> String {
    name.nameComponents.filter { !wrappers.contains($0) }.map(\.text).joined(separator: ".")
  }
}

/// The branches of a tree of names beneath which the most names of a model are found.
private struct Branches {
  /// How many of the model's names are found in one of the best branches or at the top.
  let count: Int
  /// How many are found under the names as they are.
  let countAtTop: Int
  /// What the names of each best branch begin with, in the order in which they come; nothing if all are at the top.
  let leading: [String]

  /// A name of the model that was found beneath a node.
  private struct Find: Hashable {
    let node: Int
    let spec: Int
  }

  init(of names: [String], for registry: ParameterRegistry, work: inout Int) {
    var tails = NameTree()
    var specs: [Int: Int] = [:]
    for (place, spec) in registry.specs.enumerated() where spec.role != .ignored {
      for name in [spec.name] + spec.formerNames.map(\.name) {
        let node = tails.insert(name.reversedNameComponents).last ?? NameTree.root
        specs[node] = specs[node] ?? place
      }
    }
    var heads = NameTree()
    var finds = Set<Find>()
    var leading: [Int: (name: Int, byteCount: Int)] = [:]
    for (number, name) in names.enumerated() {
      let known = tails.nodes(along: name.reversedNameComponents, work: &work)
      guard known.contains(where: { specs[$0] != nil }) else { continue }
      let components = name.nameComponents
      work += name.utf8.count
      let ends = known.enumerated().compactMap { depth, node in specs[node].map { (components.count - depth, $0) } }
      guard let longest = ends.first?.0 else { continue }
      let nodes = heads.insert(components.prefix(longest))
      for (length, spec) in ends {
        finds.insert(Find(node: nodes[length], spec: spec))
        if leading[nodes[length]] == nil {
          leading[nodes[length]] = (number, components.byteCount(ofFirst: length))
        }
      }
    }
    let top = Set(finds.filter { $0.node == NameTree.root }.map(\.spec))
    var counts: [Int: Int] = [:]
    for find in finds where !top.contains(find.spec) { counts[find.node, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    count = top.count + most
    countAtTop = top.count
    let best = counts.filter { $0.value == most }.keys.compactMap { leading[$0] }.sorted { $0 < $1 }
    self.leading =
      most == 0 ? [""] : best.map { String(decoding: names[$0.name].utf8.prefix($0.byteCount), as: UTF8.self) }
  }
}

extension CommonPrefix: Encodable {
  private enum Key: String, CodingKey {
    case name, stripped
    case boundCount = "bound"
  }

  /// Encodes the prefix: `{"name": "module.", "stripped": true, "bound": 295}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(text, forKey: .name)
    try object.encode(isStripped, forKey: .stripped)
    try object.encode(boundCount, forKey: .boundCount)
  }
}
