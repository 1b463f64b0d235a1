/// The header of a safetensors file: names, types, shapes and extents, in the order of the file.
///
///     3b 00 00 00 00 00 00 00                                    length of the JSON: 59
///     {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}     padded with spaces
///     00 00 80 3f 00 00 00 40                                    the data: 1.0, 2.0
///
/// Source: safetensors' `tensor.rs` (`read_metadata`, `validate`); docs/formats/safetensors.md.
struct SafetensorsHeader {
  struct Row {
    let name: String
    /// The format's name for the type.
    let typeName: String
    /// Nil for the format's 6-bit floats, for which torch has no dtype.
    let elementType: ElementType?
    let shape: [Int]
    /// Counted from the start of the data.
    let extent: Range<Int>
  }

  private(set) var rows: [Row] = []
  private(set) var metadata: [(name: String, value: String)] = []
  /// Where the data begins in the file.
  let dataOffset: Int

  /// The format's own limit on a header.
  static let limit = 100_000_000
  /// The most tensors: the largest models that are in use have 210,000.
  package static let defaultTensorLimit = 1 << 18
  private let tensorLimit: Int

  /// - Throws: `malformedHeader`, `truncated`, `unsupported`, `limitExceeded`.
  init(_ store: ByteStore, tensorLimit: Int = Self.defaultTensorLimit) throws(CheckpointError) {
    self.tensorLimit = tensorLimit
    guard store.count >= 8 else {
      throw CheckpointError.truncated(
        "A safetensors file begins with a length of 8 bytes; this one has \(store.count) bytes.")
    }
    let length = store.array(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.limit) else {
      throw CheckpointError(
        .malformedHeader, "The safetensors header has \(length) bytes; the format allows \(Self.limit).", offset: 0,
        remedy: "check that this is a safetensors file")
    }
    dataOffset = 8 + Int(length)
    guard dataOffset <= store.count else {
      throw CheckpointError.truncated(
        "The header has \(length) bytes, but the file has only \(store.count).", offset: 0)
    }
    try store.hold(0..<dataOffset)
    defer { store.release(0..<dataOffset) }
    var scanner = JSONScanner(store.bytes.extracting(8..<dataOffset))
    do throws(CheckpointError) {
      try read(&scanner)
      // Of a long text its copy is enough.
      store.drop(0..<dataOffset)
    } catch var error {
      error.offset = error.offset.map { $0 + 8 }
      throw error
    }
    try requireTiling(of: store.count - dataOffset)
  }

  private mutating func read(_ scanner: inout JSONScanner) throws(CheckpointError) {
    var names = NameTable(capacity: 0)
    try scanner.beginObject()
    while let name = try scanner.nextName(isFirst: names.names.isEmpty) {
      guard names.insert(name).isNew else { throw scanner.malformed("Duplicate name \"\(name)\".") }
      if name == "__metadata__" {
        try readMetadata(&scanner)
      } else {
        guard rows.count < tensorLimit else {
          throw overLimit("The file has more than \(tensorLimit) tensors.")
        }
        try rows.append(readRow(&scanner, name))
      }
    }
    guard scanner.isAtEnd else { throw scanner.malformed("Unexpected text after the JSON of the header.") }
  }

  private func overLimit(_ message: String) -> CheckpointError {
    CheckpointError(
      .limitExceeded, message, remedy: "raise the limits if you trust the file (limits:, --limit-factor 10)")
  }

  private mutating func readMetadata(_ scanner: inout JSONScanner) throws(CheckpointError) {
    try scanner.beginObject()
    while let name = try scanner.nextName(isFirst: metadata.isEmpty) {
      guard let text = try? scanner.string() else {
        throw scanner.malformed("The metadata value \"\(name)\" is not a string.")
      }
      guard metadata.count < tensorLimit else {
        throw overLimit("The file has more than \(tensorLimit) metadata values.")
      }
      metadata.append((name, text))
    }
  }

  private func readRow(_ scanner: inout JSONScanner, _ name: String) throws(CheckpointError) -> Row {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    var count = 0
    try scanner.beginObject()
    while let key = try scanner.nextName(isFirst: count == 0) {
      count += 1
      switch key {
      case "dtype" where typeName == nil: typeName = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.naturals()
      case "data_offsets" where offsets == nil: offsets = try scanner.naturals()
      case "dtype", "shape", "data_offsets": throw scanner.malformed("Duplicate member \(key) in \"\(name)\".")
      default: _ = try scanner.value()
      }
    }
    guard let typeName, var shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw scanner.malformed("\"\(name)\" needs a dtype, a shape and two ascending offsets.")
    }
    let type = ElementType(safetensorsName: typeName)
    guard type != nil || typeName.hasPrefix("F6_") else {
      throw CheckpointError(.unsupported, "torch has no dtype for the safetensors type \(typeName).", entry: name)
    }
    if let type, type.safetensorsPacking > 1 {
      guard let last = shape.last, last % type.safetensorsPacking == 0 else {
        throw scanner.malformed("\"\(name)\" has an odd number of 4-bit values.")
      }
      shape[shape.count - 1] = last / type.safetensorsPacking
    }
    return Row(name: name, typeName: typeName, elementType: type, shape: shape, extent: offsets[0]..<offsets[1])
  }

  /// Every byte of the data belongs to one tensor: no hole, no overlap, nothing after the last.
  private func requireTiling(of byteCount: Int) throws(CheckpointError) {
    var end = 0
    let order = rows.indices.sorted { left, right in
      (rows[left].extent.lowerBound, rows[left].extent.upperBound)
        < (rows[right].extent.lowerBound, rows[right].extent.upperBound)
    }
    for index in order {
      let row = rows[index]
      guard row.extent.lowerBound == end else {
        throw CheckpointError(
          .malformedHeader,
          row.extent.lowerBound < end ? "The tensor overlaps another." : "There is a hole before the tensor.",
          entry: row.name, offset: dataOffset + end)
      }
      end = row.extent.upperBound
      guard end <= byteCount else {
        throw CheckpointError.truncated(
          "The tensor ends \(end - byteCount) bytes beyond the end of the file.", entry: row.name)
      }
    }
    guard end == byteCount else {
      throw CheckpointError.malformedHeader(
        "\(byteCount - end) bytes follow the last tensor.", offset: dataOffset + end)
    }
  }
}
