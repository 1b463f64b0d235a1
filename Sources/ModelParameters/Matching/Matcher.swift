public import StateDicts

extension ParameterRegistry {
  /// Matches a state dict with the registry by names, shapes and dtypes.
  ///
  /// A former name is accepted if the `_metadata` of the state dict has an older version of the module's layout, or
  /// none.
  ///
  /// - Complexity: O(n), where n is the total length of all names in bytes.
  public func match(_ stateDict: StateDict, options: MatchOptions = MatchOptions()) -> Match {
    var report = match(unexplained: stateDict, options: options)
    report.explain()
    return report
  }

  /// Matches without suggestions and fixes, for trying several models or options.
  package func match(unexplained stateDict: StateDict, options: MatchOptions) -> Match {
    let names = stateDict.names(renamedBy: options.renaming)
    var report = match(stateDict, under: names, options: options)
    if report.isExact { return report }
    report.branches = CommonPrefix.branches(of: names, for: self, work: &report.work)
    guard report.branches.count == 1, var prefix = report.branches.first else { return report }
    var stripped = match(stateDict, under: names.map(prefix.stripping(_:)), options: options, prefix: prefix)
    let isWanted =
      switch options.prefix {
      case .ifExact: stripped.isAcceptable
      case .strip: true
      case .keep: false
      }
    prefix.boundCount = stripped.bound.count
    prefix.isStripped = isWanted
    stripped.work += report.work
    if isWanted { report = stripped }
    report.prefix = prefix
    return report
  }

  private func match(
    _ stateDict: StateDict, under names: [String], options: MatchOptions, prefix: CommonPrefix? = nil
  ) -> Match {
    var match = Match(stateDict, against: self, options: options)
    match.work = names.reduce(0) { $0 + $1.utf8.count }
    let candidates = Candidates(stateDict, under: names, prefix: prefix, renaming: options.renaming)
    match.collisions = candidates.collisions
    match.bound.reserveCapacity(specs.count)
    var isClaimed = [Bool](repeating: false, count: names.count)
    for spec in specs {
      guard let place = candidates.find(spec) else {
        if spec.role == .ignored || candidates.isCollided(spec.name) { continue }
        if let since = spec.since, candidates.isOlder(than: since) {
          match.omitted.append(spec.name)
        } else {
          match.missing.append(spec.name)
        }
        continue
      }
      isClaimed[place] = true
      let source = stateDict.names[place]
      if spec.role == .ignored {
        match.accepted.append((spec.name, source, stateDict.tensors[place]))
        continue
      }
      // A prefix is told once, not with every name.
      if (prefix?.stripping(source) ?? source) != spec.name {
        match.renamed.append(Match.Renamed(from: source, to: spec.name))
      }
      match.bind(spec, to: stateDict.tensors[place], from: source)
    }
    let leftOver = isClaimed.indices.filter { !isClaimed[$0] && !candidates.isCollided($0) }
    match.unexpected = leftOver.map { stateDict.names[$0] }
    return match
  }
}

extension StateDict {
  fileprivate func names(renamedBy map: KeyMap) -> [String] {
    map.renamings.isEmpty ? names : names.map(map.apply(to:))
  }
}

/// The names of a state dict as they are looked for, and the versions that go with them.
private struct Candidates {
  private let places: [ExactName: Int]
  private let versions: [String: Int]
  private let collided: Set<Int>
  private let collidedNames: Set<ExactName>
  let collisions: [Match.Collision]

  init(_ stateDict: StateDict, under names: [String], prefix: CommonPrefix?, renaming: KeyMap) {
    var places = [ExactName: Int](minimumCapacity: names.count)
    var groups: [ExactName: [Int]] = [:]
    for (place, name) in names.enumerated() {
      let name = ExactName(name)
      if let first = places.updateValue(place, forKey: name) { groups[name, default: [first]].append(place) }
    }
    for name in groups.keys { places[name] = nil }
    self.places = places
    collided = Set(groups.values.joined())
    collidedNames = Set(groups.keys)
    collisions = groups.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }.map { name, places in
      let sources = places.map { stateDict.names[$0] }
      return Match.Collision(name: name.text, from: sources, rules: renaming.renamings(deciding: sources))
    }
    let modules = stateDict.metadata.modules(renamedBy: { name in
      let name = renaming.apply(to: name)
      return prefix?.stripping(name) ?? name
    })
    versions = Dictionary(
      modules.compactMap { module in
        guard case .integer(let version)? = module.value["version"] else { return nil }
        return (module.name, version)
      }, uniquingKeysWith: { _, last in last })
  }

  /// The place of a specification's tensor, under its name or a former one.
  func find(_ spec: ParameterSpec) -> Int? {
    if let place = places[ExactName(spec.name)] { return place }
    for former in spec.formerNames {
      if let place = places[ExactName(former.name)], former.before.map(isOlder(than:)) ?? true { return place }
    }
    return nil
  }

  /// Whether the module's layout is of an older version than this one, or of none.
  func isOlder(than version: LayoutVersion) -> Bool { versions[version.module].map { $0 < version.version } ?? true }

  func isCollided(_ place: Int) -> Bool { collided.contains(place) }
  func isCollided(_ name: String) -> Bool { collidedNames.contains(ExactName(name)) }
}

extension Match {
  /// Binds a tensor to its place, or notes why it does not fit.
  mutating func bind(_ spec: ParameterSpec, to tensor: Tensor, from source: String) {
    func mismatch(_ reason: Mismatch.Reason) -> Mismatch {
      Mismatch(
        name: spec.name, source: source, reason: reason, expected: spec.shape, found: tensor.shape,
        expectedType: spec.elementType,
        foundType: tensor.elementType,
        likelyPermutation: reason == .shape ? permutation(from: tensor.shape, to: spec.shape) : nil)
    }
    guard let shaped = tensor.fitted(to: spec.shape) else {
      mismatched.append(mismatch(.shape))
      return
    }
    if tensor.composition != nil, tensor.hasValues {
      mismatched.append(mismatch(.kind))
      return
    }
    guard let target = options.conversion.target(for: spec, from: tensor.elementType) else {
      mismatched.append(mismatch(.dtype))
      return
    }
    guard let convertedTensor = try? shaped.converting(to: target) else {
      mismatched.append(mismatch(.dtype))
      return
    }
    if target != tensor.elementType {
      converted.append(Converted(name: spec.name, from: tensor.elementType, to: target))
    }
    bound.append(
      Binding(name: spec.name, source: source, tensor: tensor, converted: convertedTensor))
  }
}

extension MatchOptions.Conversion {
  /// The type that the model gets; nil if the found one does not do.
  fileprivate func target(for spec: ParameterSpec, from found: ElementType) -> ElementType? {
    guard let declared = spec.elementType else {
      if case .to(let wanted) = self, found.isFloatingPoint { return found.converts(to: wanted) ? wanted : nil }
      return found
    }
    if declared == found, declared.isPlainInteger { return found }
    switch self {
    case .to(let wanted) where found.isFloatingPoint && declared.isFloatingPoint:
      return found.converts(to: wanted) ? wanted : nil
    case .never:
      return declared == found ? found : nil
    default:
      // A counter comes along when somebody makes halves of a whole state dict.
      let isCounter = spec.shape.isEmpty && spec.role == .buffer
      return found.converts(to: declared) || (isCounter && found.isReal && declared.isPlainInteger) ? declared : nil
    }
  }
}

extension Tensor {
  /// The tensor with a declared shape: itself, or one element for a scalar, as torch takes it from versions before 0.4.
  fileprivate func fitted(to declared: [Int]) -> Tensor? {
    if shape == declared { return self }
    guard declared.isEmpty, shape == [1] else { return nil }
    return squeezed()
  }
}

/// The order of axes that makes one shape of another, if they are the same sizes in another order; the reverse order is
/// preferred, then the one that moves the last axis forward, as between channels-last layouts and torch's.
private func permutation(from found: [Int], to expected: [Int]) -> [Int]? {
  guard found.count == expected.count, found.count > 1, found.count <= 5, found.sorted() == expected.sorted() else {
    return nil
  }
  let axes = Array(found.indices)
  let channelsLast = [0, axes.count - 1] + axes.dropFirst().dropLast()
  let channelsFirst = [0] + axes.dropFirst(2) + [1]
  let kernelFirst = [axes.count - 1, axes.count - 2] + axes.dropLast(2)
  for order in [axes.reversed(), channelsLast, channelsFirst, kernelFirst] where order.map({ found[$0] }) == expected {
    return order
  }
  var order: [Int] = []
  for size in expected {
    guard let axis = axes.first(where: { found[$0] == size && !order.contains($0) }) else { return nil }
    order.append(axis)
  }
  return order
}

extension Match {
  /// Puts the unexpected names into torch's order: module by module, each before its children; within a module they
  /// stay in the state dict's.
  mutating func orderUnexpected() {
    guard unexpected.count > 1 else { return }
    // Modules are inserted in the order in which torch comes upon them, so that a node's number is the module's rank.
    var modules = NameTree()
    for spec in registry.specs { modules.insert(spec.name.moduleComponents) }
    var ranked: [(rank: Int, place: Int, name: String)] = []
    for (place, source) in unexpected.enumerated() {
      let known = modules.nodes(along: nameInModel(source).moduleComponents, work: &work)
      ranked.append((known.last ?? NameTree.root, place, source))
    }
    unexpected = ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.name)
  }

  /// The name under which a name of the state dict was looked for.
  private func nameInModel(_ source: String) -> String {
    let renamed = options.renaming.apply(to: source)
    return prefix.flatMap { $0.isStripped ? $0.stripping(renamed) : nil } ?? renamed
  }
}
