/// What the `__metadata__` of a safetensors file says, by the keys that docs/formats/swt.md specifies.
struct SafetensorsMetadata {
  private let entries: [(name: String, value: String)]
  private let values: [String: String]

  init(_ entries: [(name: String, value: String)]) {
    self.entries = entries
    values = Dictionary(entries, uniquingKeysWith: { first, _ in first })
  }

  subscript(name: String) -> String? { values[name] }

  /// Whether the file was written here.
  var isSwt: Bool { values["swt.version"] != nil }

  var requiresGrad: Set<ExactName> {
    get throws(CheckpointError) {
      let names = try value("swt.requires_grad")?.arrayValue ?? []
      return Set(names.compactMap { $0.stringValue.map(ExactName.init) })
    }
  }

  /// The tensors that the conversion which wrote the file left out.
  var leftOut: [LeftOut] {
    get throws(CheckpointError) { try value("swt.left_out").map(LeftOut.rows) ?? [] }
  }

  /// The JSON of an entry.
  ///
  /// - Throws: `malformedHeader`, `limitExceeded`.
  func value(_ name: String) throws(CheckpointError) -> JSONValue? {
    guard let text = values[name] else { return nil }
    do throws(CheckpointError) {
      return try JSONValue(parsing: text)
    } catch {
      throw error.located(entry: name)
    }
  }

  func members(_ name: String) throws(CheckpointError) -> JSONObject { try value(name)?.objectValue ?? [:] }

  /// What a writer was asked to keep: the keys under `swt.` that the format itself does not use.
  var annotations: JSONObject {
    var annotations = JSONObject()
    for entry in entries where entry.name.hasPrefix("swt.") && !Self.ownKeys.contains(entry.name) {
      let value = (try? JSONValue(parsing: entry.value)) ?? .string(entry.value)
      annotations.append(String(entry.name.dropFirst(4)), value)
    }
    return annotations
  }

  private static let ownKeys: Set<String> = [
    "swt.version", "swt.source", "swt.state_dict_metadata", "swt.other_values", "swt.requires_grad", "swt.left_out",
    "swt.aliases", "swt.composition", "swt.crc32", "swt.place",
  ]

  /// A checksum for each tensor of the header, in its order.
  func checksums(count: Int) -> [Checksum]? {
    guard let words = values["swt.crc32"]?.split(separator: " "), words.count == count else { return nil }
    let checksums = words.compactMap { UInt32($0, radix: 16).map { Checksum($0) } }
    return checksums.count == count ? checksums : nil
  }

  /// Names that were dropped because another name has the same tensor: safetensors' `save_model` writes a key for each,
  /// whose value is the name that was kept.
  ///
  /// In a file of ours they come back where they stood.
  func addingAliases(to elements: [StateDict.Element]) throws(CheckpointError) -> [StateDict.Element] {
    var aliases = entries.filter { $0.name != "format" && !$0.name.hasPrefix("swt.") }
    guard !aliases.isEmpty else { return elements }
    var places = [ExactName: Int](minimumCapacity: elements.count)
    for (place, element) in elements.enumerated() { places[ExactName(element.name)] = place }
    aliases = aliases.filter { places[ExactName($0.name)] == nil && places[ExactName($0.value)] != nil }
    guard !aliases.isEmpty else { return elements }
    let requiringGrad = try requiresGrad
    var all: [StateDict.Element] = []
    all.reserveCapacity(elements.count + aliases.count)
    var rest = elements[...]
    var positions: [ExactName: Int] = [:]
    for member in try members("swt.aliases") {
      positions[ExactName(member.name)] = member.value.intValue
    }
    let sorted = aliases.map { ($0, positions[ExactName($0.name)] ?? .max) }.sorted { $0.1 < $1.1 }
    for (alias, position) in sorted {
      guard let place = places[ExactName(alias.value)] else { continue }
      let before = rest.prefix(max(max(position, 0) - all.count, 0))
      all += before
      rest = rest.dropFirst(before.count)
      all.append((alias.name, elements[place].tensor.requiringGrad(requiringGrad.contains(ExactName(alias.name)))))
    }
    return all + rest
  }
}
