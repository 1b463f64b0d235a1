extension OutputPlan {
  /// An archive of arrays, as `numpy.savez` writes it, with each array's elements at a multiple of 64.
  ///
  ///     fc.weight.npy     93 4e 55 4d 50 59 …     a record for each tensor: header and elements
  ///
  /// - Throws: As `init(_:as:_:)`.
  init(npz stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
    let selection = try OutputSelection(
      stateDict, options, reason: { $0.tensor.reasonNotInNumpy ?? $0.name.reasonNotInZip }, mayAlias: nil)
    try selection.requireExpansion(within: options)
    let frame = try ZipFrame(
      selection.kept.lazy.map { ("\($0.name).npy", .tensor($0.tensor)) }, header: { NpyText.header($0) })
    let byteCount = selection.kept.reduce(0) { $0 + $1.tensor.byteCount }
    self.init(
      OutputFile(rows: frame.rows, frame: frame),
      selection.report(byteCount: byteCount, notKept: stateDict.metadata.valuesWithoutPlace("npz")))
  }

  /// One array.
  ///
  /// - Throws: As `init(_:as:_:)`; `unsupported` for a state dict of several tensors, or of none.
  init(npy stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
    let selection = try OutputSelection(
      stateDict, options, reason: { $0.tensor.reasonNotInNumpy }, mayAlias: nil)
    try selection.requireExpansion(within: options)
    guard let item = selection.kept.first, selection.kept.count == 1 else {
      throw CheckpointError(
        .unsupported, "A .npy file holds one array; there are \(selection.kept.count) tensors to write.",
        remedy: "write an .npz file")
    }
    let header = NpyText.header(item.tensor)
    let row = OutputRow(name: item.name, tensor: item.tensor, offset: header.count)
    self.init(
      OutputFile(rows: [row], frame: WholeFrame(bytes: header)),
      selection.report(
        byteCount: item.tensor.byteCount, notKept: stateDict.metadata.valuesWithoutPlace("npy")))
  }
}

extension StateDict.Metadata {
  /// The other values, each with the reason why a format that holds arrays only does not keep it.
  fileprivate func valuesWithoutPlace(_ format: String) -> [LeftOut] {
    otherValues.map { LeftOut($0.name, reason: "a .\(format) file holds arrays only") }
  }
}

/// What numpy writes before an array's elements.
enum NpyText {
  /// The header of an array in C order, little-endian; elements follow at a multiple of 64.
  ///
  /// Source: `numpy/lib/format.py` (`_write_array_header`).
  static func header(_ tensor: Tensor) -> [UInt8] {
    let sizes = tensor.shape.map(String.init).joined(separator: ", ")
    let shape = tensor.shape.count == 1 ? "(\(sizes),)" : "(\(sizes))"
    let text = Array(
      "{'descr': '\(tensor.elementType.numpyDescription ?? "")', 'fortran_order': False, 'shape': \(shape), }".utf8)
    // A shape of thousands of dimensions needs the longer length of version 2.
    let isLong = text.count > 0xFF00
    let start = isLong ? 12 : 10
    let padding = 63 - (start + text.count) % 64
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, isLong ? 2 : 1, 0]
    bytes.append(text.count + padding + 1, isLong ? 4 : 2)
    bytes.append(contentsOf: text)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}

extension ElementType {
  /// What numpy writes for this type; nil where numpy by itself has none.
  var numpyDescription: String? {
    switch self {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .uint16: "<u2"
    case .int16: "<i2"
    case .uint32: "<u4"
    case .int32: "<i4"
    case .uint64: "<u8"
    case .int64: "<i8"
    case .float16: "<f2"
    case .float32: "<f4"
    case .float64: "<f8"
    case .complex64: "<c8"
    case .complex128: "<c16"
    default: nil
    }
  }
}

extension String {
  /// Why libzip could not read an archive with this name; nil if it could.
  fileprivate var reasonNotInZip: String? {
    if utf8.contains(0) { return "readers of zip archives take a NUL for the end of a name; use --rename" }
    guard utf8.hasZipControls, !utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    return "a zip archive cannot have a name with control characters beside letters that are not ASCII; use --rename"
  }
}

extension Tensor {
  /// Why numpy cannot say this tensor; nil if it can.
  var reasonNotInNumpy: String? {
    if let reason = reasonNotStrided { return reason }
    if isExpandedBeyondLimit { return "a view of \(storage.byteCount) bytes that is expanded to \(byteCount) bytes" }
    if elementType.numpyDescription == nil { return "numpy has no dtype for \(elementType)" }
    if shape.count > 64 { return "numpy has no arrays of \(shape.count) dimensions" }
    return nil
  }

  /// Why a format of plain arrays cannot say this tensor, whatever its type is; nil if it can.
  var reasonNotStrided: String? {
    guard let composition else { return nil }
    if let part = composition.part { return part.reason }
    return "the format has no \(composition.kind.rawValue) tensors"
  }
}
