/// A tensor's place in a file that is to be written.
struct OutputRow: Sendable {
  /// The name that progress shows.
  let name: String
  /// Its elements are written in C order, little-endian.
  let tensor: Tensor
  /// Where its first byte goes in the file.
  let offset: Int

  /// Where its last byte ends.
  var end: Int { offset + tensor.byteCount }
}

/// What stands around the tensors of a file: headers, padding, directories.
///
///     head │ row 0 │ gap │ row 1 │ gap │ row 2 │ tail
///
/// How long each is has been known since the file was laid out. What they say may depend on the rows' checksums, which are
/// known when the rows are written.
protocol OutputFrame: Sendable {
  /// The bytes before the first row.
  func head(_ checksums: [Checksum]) -> [UInt8]
  /// The bytes between a row and the next; asked for only where the next does not follow at once.
  func gap(after row: Int, _ checksum: Checksum) -> [UInt8]
  /// The bytes behind the last row; all that come after the head where there is no row.
  func tail(_ checksums: [Checksum]) -> [UInt8]
}

extension OutputFrame {
  func gap(after row: Int, _ checksum: Checksum) -> [UInt8] { [] }
  func tail(_ checksums: [Checksum]) -> [UInt8] { [] }
}

/// A file that is nothing but bytes: an index.
struct WholeFrame: OutputFrame {
  let bytes: [UInt8]

  func head(_ checksums: [Checksum]) -> [UInt8] { bytes }
}

/// A file that is to be written, laid out before a byte of a tensor is read.
struct OutputFile: Sendable {
  /// Its name in the output's folder; empty where the output is this one file.
  var name = ""
  /// The tensors, in the order of their offsets.
  let rows: [OutputRow]
  let frame: any OutputFrame

  /// The bytes of the file.
  var byteCount: Int {
    // How long the parts around the rows are does not depend on checksums.
    let sums = [Checksum](repeating: Checksum(), count: rows.count)
    return (rows.last?.end ?? frame.head(sums).count) + frame.tail(sums).count
  }

  /// The bytes of the tensors.
  var dataByteCount: Int { rows.reduce(0) { $0 + $1.tensor.byteCount } }
}
