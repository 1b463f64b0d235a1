import StateDicts
import Subcommands

extension PageData {
  /// What a difference says of each tensor: a column for each property.
  struct Changes: Encodable {
    /// The states, as the page names them, in the order that the script knows: the same, renamed, changed, of another form, only in
    /// the first, only in the second.
    let states: [String]
    /// A place in `states`.
    let state: [Int]
    /// Relative L2 distance, largest and mean absolute difference, cosine.
    let distance: [Double?]
    let largest: [Double?]
    let mean: [Double?]
    let cosine: [Double?]
    /// How many elements differ.
    let elements: [Int?]
    /// The form in the other file, a change that makes it equal, or its other name.
    let note: [String?]
  }

  /// - Parameter names: What the files are called.
  init(_ difference: Difference, _ first: StateDict, _ second: StateDict, names: [String]) {
    let lost = Set(difference.onlyInFirst.map(ExactName.init))
    let elements = Array(second) + Array(first.filter { lost.contains(ExactName($0.name)) })
    var dtypes: [ElementType] = []
    for element in elements where !dtypes.contains(element.tensor.elementType) {
      dtypes.append(element.tensor.elementType)
    }
    self.dtypes = dtypes.map(\.rawValue)
    let repeated = Set(second.ties.flatMap { $0.dropFirst() }).union(
      first.ties.flatMap { $0.dropFirst() }.filter { lost.contains(ExactName($0)) })
    tensors = Tensors(elements, dtypes: dtypes, repeated: repeated)
    (types, values, match) = ([], [:], nil)
    findings = Self.findings(in: difference, names)
    self.difference = Changes(difference, of: elements.map(\.name), names)
    sentence = Self.sentence(on: difference, names, count: elements.count)
  }

  private static func sentence(on difference: Difference, _ names: [String], count: Int) -> String {
    guard !difference.isEmpty else {
      return "\(names[0]) and \(names[1]) have the same \(Readable.count(difference.same, of: "tensor")), bit by bit."
    }
    let parts = [
      (difference.values.count, "with changed values"), (difference.forms.count, "of another shape or dtype"),
      (difference.renamed.count, "renamed"), (difference.onlyInFirst.count, "only in \(names[0])"),
      (difference.onlyInSecond.count, "only in \(names[1])"), (difference.same, "the same"),
    ].filter { $0.0 > 0 }.map { "\(Readable.count($0.0)) \($0.1)" }
    return "\(Readable.count(count, of: "tensor")): \(parts.joined(separator: ", "))."
  }

  private static func findings(in difference: Difference, _ names: [String]) -> [Finding] {
    let equal =
      difference.values.compactMap { each in each.equality.map { "\(each.name): \($0)" } }
      + difference.forms.compactMap { each in each.equality.map { "\(each.name): \($0)" } }
    return [
      ("Only in \(names[0])", difference.onlyInFirst), ("Only in \(names[1])", difference.onlyInSecond),
      ("Renamed: the same bytes under another name", difference.renamed.map { "\($0.from), now \($0.to)" }),
      (
        "Of another shape or dtype",
        difference.forms.filter { $0.equality == nil }.map { "\($0.name): \($0.first), now \($0.second)" }
      ),
      ("Equal but for their layout or dtype", equal),
    ].filter { !$0.1.isEmpty }.map { Finding(title: $0.0, names: $0.1) }
  }
}

extension PageData.Changes {
  fileprivate init(_ difference: Difference, of tensors: [String], _ files: [String]) {
    states = [
      "the same", "renamed", "changed", "other shape or dtype", "only in \(files[0])", "only in \(files[1])",
    ]
    var (state, note) = ([ExactName: Int](), [ExactName: String]())
    var values: [ExactName: Difference.Values] = [:]
    for each in difference.values {
      values[ExactName(each.name)] = each
      state[ExactName(each.name)] = 2
      note[ExactName(each.name)] = each.equality?.description
    }
    for each in difference.renamed {
      state[ExactName(each.to)] = 1
      note[ExactName(each.to)] = "was \(each.from)"
    }
    for each in difference.forms {
      state[ExactName(each.name)] = 3
      note[ExactName(each.name)] = "was \(each.first)" + (each.equality.map { ", \($0)" } ?? "")
    }
    for name in difference.onlyInFirst { state[ExactName(name)] = 4 }
    for name in difference.onlyInSecond { state[ExactName(name)] = 5 }
    let names = tensors.map(ExactName.init)
    self.state = names.map { state[$0] ?? 0 }
    self.note = names.map { note[$0] }
    distance = names.map { values[$0]?.relativeL2?.short }
    largest = names.map { values[$0]?.maximum?.short }
    mean = names.map { values[$0]?.mean?.short }
    cosine = names.map { values[$0]?.cosine?.short }
    elements = names.map { values[$0]?.elements }
  }
}
