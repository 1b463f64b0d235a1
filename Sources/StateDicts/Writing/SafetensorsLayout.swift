/// Where each tensor goes in a file that is to be written, and the header that says so: known before a byte is read.
///
/// The layout is the profile that docs/formats/swt.md promises: data from a multiple of 16 KiB, tensors whose size is a
/// multiple of 64 first, then the rest by falling element size, so that every tensor is aligned to its elements.
struct SafetensorsLayout: OutputFrame {
  /// A page on Apple silicon: one buffer without a copy serves the whole file.
  static let dataAlignment = 16384
  static let tensorAlignment = 64

  /// In the order of the data.
  let rows: [OutputRow]
  /// Each row's place in the header, which keeps the order of the state dict.
  private let headerIndices: [Int]
  let dataByteCount: Int
  /// The eight bytes of length and the JSON, up to the data; eight zeros stand for each checksum.
  private let header: [UInt8]
  /// Where the checksums stand in `header`, nine bytes apart.
  private let checksumOffset: Int

  /// - Parameter annotations: What is added to the metadata.
  /// - Throws: `limitExceeded`.
  init(
    _ selection: OutputSelection, _ metadata: StateDict.Metadata, annotations: JSONObject
  ) throws(CheckpointError) {
    let order = selection.kept.indices.sorted { left, right in
      (Self.rank(selection.kept[left].tensor), left) < (Self.rank(selection.kept[right].tensor), right)
    }
    var offsets = [Int](repeating: 0, count: order.count)
    var end = 0
    for index in order {
      offsets[index] = end
      guard let next = end.plus(selection.kept[index].tensor.byteCount) else {
        throw CheckpointError(.limitExceeded, "The tensors exceed 2^63 bytes.")
      }
      end = next
    }
    (header, checksumOffset) = try Self.header(selection, offsets, metadata, annotations)
    let start = header.count
    rows = order.map { index in
      OutputRow(
        name: selection.kept[index].name, tensor: selection.kept[index].tensor, offset: start + offsets[index])
    }
    headerIndices = order
    dataByteCount = end
  }

  /// 0 for tensors of whole 64-byte blocks, then the widest elements first.
  private static func rank(_ tensor: Tensor) -> Int {
    tensor.byteCount % tensorAlignment == 0 ? 0 : 1 + 16 - tensor.elementType.byteCount
  }

  /// The header, with the checksums in the order of the header where zeros stand for them.
  func head(_ checksums: [Checksum]) -> [UInt8] {
    var header = header
    for (row, checksum) in checksums.enumerated() {
      let start = checksumOffset + headerIndices[row] * 9
      header.replaceSubrange(start..<start + 8, with: checksum.hexadecimal.utf8)
    }
    return header
  }

  private static func header(
    _ selection: OutputSelection, _ offsets: [Int], _ metadata: StateDict.Metadata, _ annotations: JSONObject
  ) throws(CheckpointError) -> (bytes: [UInt8], checksumOffset: Int) {
    var bytes: [UInt8] = Array(repeating: 0, count: 8)
    bytes.reserveCapacity(selection.kept.count * 128 + 1024)
    bytes.append(contentsOf: #"{"__metadata__":{"format":"pt""#.utf8)
    func add(_ name: String, _ value: JSONValue) throws(CheckpointError) {
      guard value.isWithinLimits else {
        throw CheckpointError(
          .limitExceeded, "The metadata \"\(name)\" has more values, or is nested deeper, than could be read.",
          entry: name,
          remedy: "write a .pth file, whose values have no such limit")
      }
      bytes.append(UInt8(ascii: ","))
      JSONValue.write(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      if case .string(let text) = value {
        JSONValue.write(text, to: &bytes)
      } else {
        JSONValue.write(value.text, to: &bytes)
      }
    }
    try add("swt.version", .string("1"))
    if var source = metadata.source {
      // Each conversion of a .swt file adds a level.
      if !source.json.isWithinLimits { source.marks["source"] = nil }
      try add("swt.source", source.json)
    }
    if !metadata.modules.isEmpty { try add("swt.state_dict_metadata", .object(metadata.modules)) }
    if !metadata.otherValues.isEmpty { try add("swt.other_values", .object(metadata.otherValues)) }
    if let place = metadata.place { try add("swt.place", place.json) }
    if !metadata.compositions.isEmpty { try add("swt.composition", .object(metadata.compositions)) }
    let requiringGrad =
      selection.kept.filter { $0.tensor.requiresGrad }.map { ($0.place, $0.name) }
      + selection.aliases.filter(\.requiresGrad).map { ($0.place, $0.name) }
    if !requiringGrad.isEmpty {
      try add("swt.requires_grad", .array(requiringGrad.sorted { $0.0 < $1.0 }.map { .string($0.1) }))
    }
    let leftOut = metadata.leftOutBefore + selection.leftOut
    if !leftOut.isEmpty { try add("swt.left_out", .array(leftOut.map(\.json))) }
    if !selection.aliases.isEmpty {
      // Their places among the names of this file.
      let places = (selection.kept.map(\.place) + selection.aliases.map(\.place)).sorted()
      let ranks = Dictionary(zip(places, 0...), uniquingKeysWith: { first, _ in first })
      try add(
        "swt.aliases",
        .object(JSONObject(selection.aliases.map { ($0.name, .integer(ranks[$0.place] ?? 0)) })))
      for alias in selection.aliases { try add(alias.name, .string(alias.kept)) }
    }
    let renewed = Set(annotations.map(\.name))
    for annotation in metadata.annotations.filter({ !renewed.contains($0.name) }) + annotations {
      try add("swt.\(annotation.name)", annotation.value)
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

  private static func write(_ element: OutputSelection.Kept, _ offset: Int, to bytes: inout [UInt8]) {
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
}

extension Tensor {
  /// Why safetensors cannot say this tensor; nil if it can.
  package var reasonNotInSafetensors: String? {
    if let reason = reasonNotStrided { return reason }
    if isExpandedBeyondLimit { return "a view of \(storage.byteCount) bytes that is expanded to \(byteCount) bytes" }
    if elementType.safetensorsName == nil { return "the format has no dtype for \(elementType)" }
    if elementType.safetensorsPacking > 1, shape.isEmpty { return "a 0-dim pair of 4-bit floats" }
    return nil
  }
}

extension Provenance {
  /// The provenance as it is kept in a file.
  package var json: JSONValue {
    var members: JSONObject = [
      "name": .string(name), "bytes": .integer(byteCount), "format": .string(format.rawValue),
    ]
    if let key { members.append("state_dict", .string(key)) }
    if let sha256 { members.append("sha256", .string(sha256)) }
    return .object(members + marks)
  }
}
