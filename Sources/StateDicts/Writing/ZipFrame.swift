/// A zip archive of stored records, laid out as torch's writer does it: every payload at a multiple of 64.
///
///     50 4b 03 04 …  name  46 42 0b 00 5a 5a …      a record's header; the extra field FB fills up to the payload
///     …                                             the payload
///     50 4b 07 08  crc  size  size                  its checksum, which is known only now; not where it is empty
///     …
///     50 4b 01 02 … , 50 4b 06 06 … , 50 4b 06 07 … , 50 4b 05 06 …         directory, its end (zip64), its end
///
/// Torch computes where records lie from their sizes (`calculate_storage_offsets`), so each header is as long as its own.
/// Source: `caffe2/serialize/inline_container.cc` (`getPadding`), miniz's `mz_zip_writer_add_mem_ex_v2`.
struct ZipFrame: OutputFrame {
  /// What a record holds.
  enum Content {
    case bytes([UInt8])
    /// A tensor's header and elements.
    case tensor(Tensor)
    /// Forty digits, made of the names and checksums of all records before.
    case serializationID
  }

  private struct Record {
    let name: String
    /// Where the record's header begins.
    let offset: Int
    let payload: Int
    /// The payload; nil for a tensor.
    var bytes: [UInt8]?
    let byteCount: Int
    let row: Int?
    var isSerializationID = false

    /// Where the next record begins.
    var end: Int { payload + byteCount + descriptorByteCount }
    var descriptorByteCount: Int { byteCount == 0 ? 0 : isLarge ? 24 : 16 }
    var isLarge: Bool { byteCount >= ZipFrame.limit32 || offset >= ZipFrame.limit32 }
  }

  /// Numbers from here on are written in a zip64 field.
  private static let limit32 = 0xFFFF_FFFF
  static let alignment = 64

  private var records: [Record] = []
  /// The record of each row.
  private var recordOfRow: [Int] = []
  private(set) var rows: [OutputRow] = []
  /// What stands before a tensor's elements.
  private let header: @Sendable (Tensor) -> [UInt8]

  /// - Throws: `unsupported` for a name that is too long for the format; `limitExceeded`.
  init(
    _ contents: some Sequence<(name: String, content: Content)>,
    header: @escaping @Sendable (Tensor) -> [UInt8] = { _ in [] }
  ) throws(CheckpointError) {
    self.header = header
    var cursor = 0
    for (name, content) in contents {
      guard name.utf8.count <= 0xFFFF else {
        throw CheckpointError(
          .unsupported, "A name of \(name.utf8.count) bytes; a zip archive allows 65535.",
          entry: String(name.prefix(80)))
      }
      var bytes: [UInt8]?
      var tensor: Tensor?
      switch content {
      case .bytes(let all): bytes = all
      case .tensor(let elements): tensor = elements
      case .serializationID: bytes = [UInt8](repeating: UInt8(ascii: "0"), count: 40)
      }
      let headerByteCount = tensor.map { header($0).count } ?? 0
      guard let byteCount = (bytes?.count ?? headerByteCount).plus(tensor?.byteCount ?? 0),
        byteCount <= 1 << 62 - cursor
      else { throw CheckpointError(.limitExceeded, "The tensors take more than 2^62 bytes together.") }
      let fields = Self.zip64Fields(byteCount, cursor).count
      let start = cursor + 30 + name.utf8.count + fields + 4
      var record = Record(
        name: name, offset: cursor, payload: (start + Self.alignment - 1) / Self.alignment * Self.alignment,
        bytes: bytes, byteCount: byteCount, row: tensor == nil ? nil : rows.count)
      if case .serializationID = content { record.isSerializationID = true }
      if let tensor {
        rows.append(OutputRow(name: name, tensor: tensor, offset: record.payload + headerByteCount))
        recordOfRow.append(records.count)
      }
      records.append(record)
      cursor = record.end
    }
  }

  // MARK: - The bytes around the rows

  func head(_ checksums: [Checksum]) -> [UInt8] {
    guard let first = recordOfRow.first else { return [] }
    var bytes: [UInt8] = []
    for record in records[..<first] { append(record, checksum(of: record), to: &bytes) }
    appendStart(of: records[first], to: &bytes)
    return bytes
  }

  func gap(after row: Int, _ checksum: Checksum) -> [UInt8] {
    let number = recordOfRow[row]
    var bytes: [UInt8] = []
    appendDescriptor(of: records[number], self.checksum(of: records[number], row: checksum), to: &bytes)
    guard row + 1 < recordOfRow.count else { return bytes }
    let next = recordOfRow[row + 1]
    for record in records[(number + 1)..<next] { append(record, self.checksum(of: record), to: &bytes) }
    appendStart(of: records[next], to: &bytes)
    return bytes
  }

  func tail(_ checksums: [Checksum]) -> [UInt8] {
    var sums = records.map { record in checksum(of: record, row: record.row.map { checksums[$0] }) }
    var bytes: [UInt8] = []
    var next = 0
    if let last = recordOfRow.last {
      appendDescriptor(of: records[last], sums[last], to: &bytes)
      next = last + 1
    }
    for number in next..<records.count {
      var record = records[number]
      if record.isSerializationID {
        record.bytes = serializationID(Array(sums[..<number]))
        sums[number] = checksum(of: record)
      }
      append(record, sums[number], to: &bytes)
    }
    appendDirectory(sums, to: &bytes)
    return bytes
  }

  /// What the payload begins with, or all of it.
  private func start(of record: Record) -> [UInt8] { record.bytes ?? record.row.map { header(rows[$0].tensor) } ?? [] }

  private func checksum(of record: Record, row: Checksum? = nil) -> Checksum {
    let start = start(of: record)
    var sum = Checksum(of: start)
    if let row { sum.append(row, byteCount: record.byteCount - start.count) }
    return sum
  }

  /// The serialization id: 20 digits computed from the names and 20 from the checksums, as torch has them.
  ///
  /// The digits for the names differ from those of torch, whose hash of a string depends on its C++ library.
  private func serializationID(_ sums: [Checksum]) -> [UInt8] {
    func combined(_ values: some Sequence<UInt64>) -> [UInt8] {
      let sum = values.reduce(0 as UInt64) { seed, value in
        seed ^ (value &+ 0x9E37_79B9 &+ (seed << 6) &+ (seed >> 2))
      }
      let digits = String(sum)
      return Array((String(repeating: "0", count: 20 - digits.utf8.count) + digits).utf8)
    }
    let names = records[..<sums.count].lazy.map { record in
      record.name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
    return combined(names) + combined(sums.lazy.map { UInt64($0.value) })
  }

  // MARK: - Records

  private func append(_ record: Record, _ sum: Checksum, to bytes: inout [UInt8]) {
    appendStart(of: record, to: &bytes)
    appendDescriptor(of: record, sum, to: &bytes)
  }

  /// Bit 3 says that the checksum follows the payload, bit 11 that the name is UTF-8: not where that makes no difference and libzip,
  /// which takes control characters for another encoding, would refuse the archive.
  private func flags(_ record: Record) -> Int {
    let isPlain = record.name.utf8.hasZipControls && record.name.utf8.allSatisfy { $0 < 0x80 }
    return (record.byteCount == 0 ? 0 : 0x8) | (isPlain ? 0 : 0x800)
  }

  private func appendStart(of record: Record, to bytes: inout [UInt8]) {
    let fields = Self.zip64Fields(record.byteCount, record.offset)
    let padding = record.payload - record.offset - 30 - record.name.utf8.count - fields.count - 4
    bytes.append(contentsOf: [0x50, 0x4B, 0x03, 0x04])
    bytes.append(0, 2)
    bytes.append(flags(record), 2)
    bytes.append(0, 2)
    bytes.append(Self.time, 4)
    // Checksum and sizes.
    bytes.append(0, 4)
    bytes.append(0, 8)
    bytes.append(record.name.utf8.count, 2)
    bytes.append(fields.count + 4 + padding, 2)
    bytes.append(contentsOf: record.name.utf8)
    bytes.append(contentsOf: fields)
    bytes.append(contentsOf: [UInt8(ascii: "F"), UInt8(ascii: "B")])
    bytes.append(padding, 2)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "Z"), count: padding))
    bytes.append(contentsOf: start(of: record))
  }

  private func appendDescriptor(of record: Record, _ sum: Checksum, to bytes: inout [UInt8]) {
    guard record.byteCount > 0 else { return }
    bytes.append(contentsOf: [0x50, 0x4B, 0x07, 0x08])
    bytes.append(Int(sum.value), 4)
    for _ in 0..<2 { bytes.append(record.byteCount, record.isLarge ? 8 : 4) }
  }

  /// The first day that the format has: the same tensors make the same bytes.
  private static let time = 0x0021_0000

  /// The field that holds the numbers of a record which go beyond 32 bits; empty where none does.
  private static func zip64Fields(_ byteCount: Int, _ offset: Int) -> [UInt8] {
    var numbers: [Int] = []
    if byteCount >= limit32 { numbers += [byteCount, byteCount] }
    if offset >= limit32 { numbers.append(offset) }
    guard !numbers.isEmpty else { return [] }
    var bytes: [UInt8] = [0x01, 0x00]
    bytes.append(numbers.count * 8, 2)
    for number in numbers { bytes.append(number, 8) }
    return bytes
  }

  private func appendDirectory(_ sums: [Checksum], to bytes: inout [UInt8]) {
    let start = records.last?.end ?? 0
    let first = bytes.count
    bytes.reserveCapacity(bytes.count + records.reduce(98) { $0 + 74 + $1.name.utf8.count })
    for (record, sum) in zip(records, sums) {
      let fields = Self.zip64Fields(record.byteCount, record.offset)
      let size = min(record.byteCount, Self.limit32)
      bytes.append(contentsOf: [0x50, 0x4B, 0x01, 0x02])
      bytes.append(0, 4)
      bytes.append(flags(record), 2)
      bytes.append(0, 2)
      bytes.append(Self.time, 4)
      bytes.append(Int(sum.value), 4)
      bytes.append(size, 4)
      bytes.append(size, 4)
      bytes.append(record.name.utf8.count, 2)
      bytes.append(fields.count, 2)
      // Comment, disk and attributes.
      bytes.append(0, 8)
      bytes.append(0, 2)
      bytes.append(min(record.offset, Self.limit32), 4)
      bytes.append(contentsOf: record.name.utf8)
      bytes.append(contentsOf: fields)
    }
    let size = bytes.count - first
    // numpy knows an archive of nothing by its end, which must come first then.
    if !records.isEmpty { appendZip64End(directory: start..<start + size, to: &bytes) }
    bytes.append(contentsOf: [0x50, 0x4B, 0x05, 0x06])
    bytes.append(0, 4)
    bytes.append(min(records.count, 0xFFFF), 2)
    bytes.append(min(records.count, 0xFFFF), 2)
    bytes.append(min(size, Self.limit32), 4)
    bytes.append(min(start, Self.limit32), 4)
    bytes.append(0, 2)
  }

  private func appendZip64End(directory: Range<Int>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: [0x50, 0x4B, 0x06, 0x06])
    bytes.append(44, 8)
    bytes.append(0x2D_031E, 4)
    bytes.append(0, 8)
    bytes.append(records.count, 8)
    bytes.append(records.count, 8)
    bytes.append(directory.count, 8)
    bytes.append(directory.lowerBound, 8)
    bytes.append(contentsOf: [0x50, 0x4B, 0x06, 0x07])
    bytes.append(0, 4)
    bytes.append(directory.upperBound, 8)
    bytes.append(1, 4)
  }
}

extension Checksum {
  /// The checksum of bytes in an array.
  init(of bytes: [UInt8]) {
    self.init()
    unsafe bytes.withUnsafeBytes { unsafe update(with: $0) }
  }
}

extension [UInt8] {
  /// Appends a number's lowest bytes, little-endian.
  mutating func append(_ number: Int, _ byteCount: Int) {
    for place in 0..<byteCount { append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
  }
}

extension Sequence<UInt8> {
  /// Whether a name has characters that libzip does not take for UTF-8.
  var hasZipControls: Bool { contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D } }
}
