import StateDicts

/// The header of a `.npy` file.
///
///     93 4e 55 4d 50 59                              "\x93NUMPY"
///     01 00                                          version 1.0; from 2.0 on the length has four bytes
///     76 00                                          118: the header's length
///     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }        spaces, newline; then the elements
///
/// The dict is read as a literal, never evaluated. Source: `numpy/lib/format.py`.
struct NpyHeader {
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// How long a header may be: a dict of three entries takes about a hundred bytes.
  static let limit = 1 << 20

  let type: NumpyType
  let isFortran: Bool
  let shape: [Int]
  /// Where the elements begin.
  let byteCount: Int

  /// Where the dict lies, by the length in front of it.
  static func extent(in bytes: [UInt8]) -> Range<Int>? {
    guard bytes.count >= 12 else { return nil }
    let start = bytes[6] == 1 ? 10 : 12
    return start..<start + bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// - Parameter void: What elements are that numpy writes as plain bytes.
  /// - Throws: `malformedHeader`, `truncated`; `unsupported` for elements that are no numbers.
  init(_ bytes: [UInt8], void: ElementType? = nil) throws(CheckpointError) {
    guard bytes.starts(with: Self.magic), bytes.count >= 12 else {
      throw CheckpointError.malformedHeader("Not a .npy file: the magic bytes are missing.", offset: 0)
    }
    guard (1...3).contains(bytes[6]) else {
      throw CheckpointError.malformedHeader("Unknown version \(bytes[6]) of the .npy format.", offset: 6)
    }
    guard let extent = Self.extent(in: bytes), extent.count <= Self.limit else {
      throw CheckpointError.malformedHeader("The header has more than \(Self.limit) bytes.", offset: 8)
    }
    let (start, length) = (extent.lowerBound, extent.count)
    guard length <= bytes.count - start else {
      throw CheckpointError.truncated(
        "The header has \(length) bytes, but only \(bytes.count - start) are left.", offset: start)
    }
    byteCount = start + length
    var literal = PythonLiteral(bytes[start..<start + length])
    guard case .dict(let entries) = try literal.value(), literal.isAtEnd else {
      throw CheckpointError.malformedHeader("The header is not a dict.", offset: start)
    }
    guard case .text(let descr)? = entries["descr"] else {
      throw CheckpointError(.unsupported, "an array of records")
    }
    guard case .bool(let isFortran)? = entries["fortran_order"], case .tuple(let sizes)? = entries["shape"] else {
      throw CheckpointError.malformedHeader("The header has no order or no shape.", offset: start)
    }
    guard let type = NumpyType(descr) ?? NumpyType(void: descr, as: void) else {
      throw CheckpointError(.unsupported, NumpyType.reasonWithoutType(descr))
    }
    var shape: [Int] = []
    for size in sizes {
      guard case .integer(let value) = size else {
        throw CheckpointError.malformedHeader("The shape has a value that is not an integer.", offset: start)
      }
      shape.append(value)
    }
    self.type = type
    self.isFortran = isFortran
    self.shape = shape
  }
}
