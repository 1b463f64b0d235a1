/// Where each tensor goes in a file that is to be written, and the header that says so: known before a byte is read.
///
/// The layout is the profile that docs/formats/swt.md promises: data from a multiple of 16 KiB, tensors whose size is a
/// multiple of 64 first, then the rest by falling element size, so that every tensor is aligned to its elements.
struct SafetensorsLayout {
  struct Row {
    let name: String
    let tensor: Tensor
    /// Its place in the header, which keeps the order of the state dict.
    let headerIndex: Int
    /// Where its bytes go, counted from the start of the data.
    let offset: Int
  }

  /// A page on Apple silicon: one buffer without a copy serves the whole file.
  static let dataAlignment = 16384
  static let tensorAlignment = 64

  /// In the order of the data.
  let rows: [Row]
  let dataByteCount: Int
  /// The eight bytes of length and the JSON, up to the data; eight zeros stand for each checksum.
  private(set) var header: [UInt8]
  /// What is written, as aliases too, and what is left out.
  let report: WriteReport
  /// Where the checksums stand in `header`, nine bytes apart.
  private let checksumOffset: Int

  /// - Throws: `unsupported`, listing what the format cannot say, unless the options leave it out; `limitExceeded` for
  ///   more repeated bytes than the options allow.
  init(_ stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
    let selection = try Selection(stateDict, options)
    let order = selection.kept.indices.sorted { left, right in
      (Self.rank(selection.kept[left].tensor), left) < (Self.rank(selection.kept[right].tensor), right)
    }
    var rows: [Row] = []
    rows.reserveCapacity(order.count)
    var offsets = [Int](repeating: 0, count: order.count)
    var end = 0
    var expanded = 0
    for index in order {
      let (name, tensor) = selection.kept[index]
      offsets[index] = end
      expanded += tensor.expandedByteCount
      guard expanded <= options.expandedByteCount else {
        throw CheckpointError(
          .limitExceeded,
          "Expanded views exceed the limit of \(options.expandedByteCount) bytes in total.",
          remedy: "raise the limit if you trust the file (expandedByteCount, --limit-factor 10)")
      }
      rows.append(Row(name: name, tensor: tensor, headerIndex: index, offset: end))
      guard let next = end.plus(tensor.byteCount) else {
        throw CheckpointError(.limitExceeded, "The tensors exceed 2^63 bytes.")
      }
      end = next
    }
    self.rows = rows
    dataByteCount = end
    report = selection.report(byteCount: end)
    (header, checksumOffset) = try Self.header(selection, offsets, stateDict, options)
  }

  /// 0 for tensors of whole 64-byte blocks, then the widest elements first.
  private static func rank(_ tensor: Tensor) -> Int {
    tensor.byteCount % tensorAlignment == 0 ? 0 : 1 + 16 - tensor.elementType.byteCount
  }

  /// What is written under which name, and what is not.
  private struct Selection {
    var kept: [StateDict.Element] = []
    /// A dropped name, the kept one, and the place among all names.
    var aliases: [(name: String, kept: String, place: Int)] = []
    /// What the steps before left out, and what the format cannot express.
    var leftOut: [LeftOut]

    func report(byteCount: Int) -> WriteReport {
      WriteReport(
        written: kept.map(\.name), aliases: aliases.map { WriteReport.Alias(name: $0.name, kept: $0.kept) },
        leftOut: leftOut, byteCount: byteCount)
    }

    init(_ stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
      leftOut = stateDict.metadata.leftOut
      let reasons = stateDict.map { $0.tensor.reasonNotInSafetensors ?? Self.reserved($0.name) }
      var keptPlace = [Int: Int]()
      if !options.expandsTies {
        for group in stateDict.tieGroups {
          // A name that the format cannot express takes none of its ties with it.
          let group = group.filter { reasons[$0] == nil }
          for place in group.dropFirst() { keptPlace[place] = group[0] }
        }
      }
      for (place, element) in stateDict.enumerated() {
        if let reason = reasons[place] {
          leftOut.append(LeftOut(stateDict.originalNames[place], reason: reason))
        } else if let kept = keptPlace[place], element.name != "format", !element.name.hasPrefix("swt.") {
          aliases.append((element.name, stateDict.names[kept], place))
        } else {
          kept.append(element)
        }
      }
      let unsupported = stateDict.indices.filter { reasons[$0] != nil }
      guard unsupported.isEmpty || options.leavesOutUnsupported else {
        throw CheckpointError(
          .unsupported, "The format cannot hold \(unsupported.count) of \(stateDict.count) tensors:",
          details: unsupported.prefix(10).map { "\(stateDict.names[$0]): \(reasons[$0] ?? "")" }
            + (unsupported.count > 10 ? ["… and \(unsupported.count - 10) more"] : []),
          remedy: "leave them out with --skip-unsupported (leavesOutUnsupported: true)")
      }
    }

    private static func reserved(_ name: String) -> String? {
      name == "__metadata__" ? "the name is reserved by the format" : nil
    }
  }

  private static func header(
    _ selection: Selection, _ offsets: [Int], _ stateDict: StateDict, _ options: WriteOptions
  ) throws(CheckpointError) -> (bytes: [UInt8], checksumOffset: Int) {
    var bytes: [UInt8] = Array(repeating: 0, count: 8)
    bytes.reserveCapacity(selection.kept.count * 128 + 1024)
    bytes.append(contentsOf: #"{"__metadata__":{"format":"pt""#.utf8)
    func add(_ name: String, _ value: JSONValue) {
      bytes.append(UInt8(ascii: ","))
      JSONValue.write(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      if case .string(let text) = value {
        JSONValue.write(text, to: &bytes)
      } else {
        JSONValue.write(value.text, to: &bytes)
      }
    }
    add("swt.version", .string("1"))
    let metadata = stateDict.metadata
    if let source = metadata.source { add("swt.source", source.json) }
    if !metadata.modules.isEmpty { add("swt.state_dict_metadata", .object(metadata.modules)) }
    if !metadata.otherValues.isEmpty { add("swt.other_values", .object(metadata.otherValues)) }
    if !metadata.compositions.isEmpty { add("swt.composition", .object(metadata.compositions)) }
    let requiringGrad = selection.kept.filter { $0.tensor.requiresGrad }.map { JSONValue.string($0.name) }
    if !requiringGrad.isEmpty { add("swt.requires_grad", .array(requiringGrad)) }
    let leftOut = metadata.leftOutBefore + selection.leftOut
    if !leftOut.isEmpty { add("swt.left_out", .array(leftOut.map(\.json))) }
    if !selection.aliases.isEmpty {
      add("swt.aliases", .object(selection.aliases.map { JSONValue.Member($0.name, .integer($0.place)) }))
      for alias in selection.aliases { add(alias.name, .string(alias.kept)) }
    }
    let renewed = Set(options.annotations.map(\.name))
    for annotation in metadata.annotations.filter({ !renewed.contains($0.name) }) + options.annotations {
      add("swt.\(annotation.name)", annotation.value)
    }
    bytes.append(contentsOf: #","swt.crc32":""#.utf8)
    let checksumOffset = bytes.count
    for index in selection.kept.indices {
      if index > 0 { bytes.append(UInt8(ascii: " ")) }
      bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 8))
    }
    bytes.append(contentsOf: #""}"#.utf8)
    for (element, offset) in zip(selection.kept, offsets) { write(element, offset, to: &bytes) }
    bytes.append(UInt8(ascii: "}"))
    let padding = (dataAlignment - bytes.count % dataAlignment) % dataAlignment
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    guard bytes.count - 8 <= SafetensorsHeader.limit else {
      throw CheckpointError(
        .limitExceeded, "The header would have \(bytes.count - 8) bytes; the format allows \(SafetensorsHeader.limit).",
        remedy: "write fewer tensors per file")
    }
    var length = UInt64(bytes.count - 8)
    for place in 0..<8 {
      bytes[place] = UInt8(truncatingIfNeeded: length)
      length >>= 8
    }
    return (bytes, checksumOffset)
  }

  private static func write(_ element: StateDict.Element, _ offset: Int, to bytes: inout [UInt8]) {
    let tensor = element.tensor
    var shape = tensor.shape
    if tensor.elementType.safetensorsPacking > 1, !shape.isEmpty {
      shape[shape.count - 1] *= tensor.elementType.safetensorsPacking
    }
    bytes.append(UInt8(ascii: ","))
    JSONValue.write(element.name, to: &bytes)
    bytes.append(contentsOf: #":{"dtype":""#.utf8)
    bytes.append(contentsOf: (tensor.elementType.safetensorsName ?? "").utf8)
    bytes.append(contentsOf: #"","shape":["#.utf8)
    for (index, size) in shape.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: String(size).utf8)
    }
    bytes.append(contentsOf: #"],"data_offsets":["#.utf8)
    bytes.append(contentsOf: String(offset).utf8)
    bytes.append(UInt8(ascii: ","))
    bytes.append(contentsOf: String(offset + tensor.byteCount).utf8)
    bytes.append(contentsOf: "]}".utf8)
  }

  /// Puts the tensors' checksums, in the order of the header, where zeros stand for them.
  mutating func setChecksums(_ checksums: [Checksum]) {
    for (index, checksum) in checksums.enumerated() {
      let start = checksumOffset + index * 9
      header.replaceSubrange(start..<start + 8, with: checksum.hexadecimal.utf8)
    }
  }
}

extension Tensor {
  /// Why safetensors cannot say this tensor; nil if it can.
  package var reasonNotInSafetensors: String? {
    if let composition {
      if case .array(let placements)? = composition.attributes["placements"] {
        let names = placements.map { if case .string(let name) = $0 { name } else { $0.text } }
        return "one rank's part of a DTensor (\(names.joined(separator: ", ")))"
      }
      return "the format has no \(composition.kind.rawValue) tensors"
    }
    if isExpandedBeyondLimit { return "a view of \(storage.byteCount) bytes that is expanded to \(byteCount) bytes" }
    if elementType.safetensorsName == nil { return "the format has no dtype for \(elementType)" }
    if elementType.safetensorsPacking > 1, shape.isEmpty { return "a 0-dim pair of 4-bit floats" }
    return nil
  }
}

extension Provenance {
  /// The provenance as it is kept in a file.
  package var json: JSONValue {
    var members = [
      JSONValue.Member("name", .string(name)), JSONValue.Member("bytes", .integer(byteCount)),
      JSONValue.Member("format", .string(format)),
    ]
    if let key { members.append(JSONValue.Member("state_dict", .string(key))) }
    if let sha256 { members.append(JSONValue.Member("sha256", .string(sha256))) }
    return .object(members + marks)
  }
}
