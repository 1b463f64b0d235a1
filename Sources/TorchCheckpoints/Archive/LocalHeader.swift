import StateDicts

/// An entry's local header, found among the reads by which libzip came to the entry's bytes.
///
///     offset 0    50 4b 03 04
///     offset 26   0e 00  2a 00           byte counts of the name and of the extra field
///     offset 30   "archive/data/0"       name, extra field, then the payload
///
/// libzip 1.7 to 1.11 read the four bytes at 26, libzip 1.12 the thirty at 0; the read after that is the payload's.
/// Neither is documented, so where the reads fit no header, the entry is read through libzip.
///
/// Source: section 4.3.7 of PKWARE's APPNOTE.TXT.
struct LocalHeader: Equatable {
  /// Where the header begins.
  let offset: Int
  /// Where the payload begins.
  let payload: Int
  /// Whether it has a local header's signature, and the name that the directory gives.
  let isConsistent: Bool

  /// - Parameters:
  ///   - reads: The ranges that libzip read to deliver the first byte of the compressed entry, in order.
  ///   - name: The entry's name in the directory.
  ///   - store: The archive.
  init?(reads: [Range<Int>], name: [UInt8], in store: ByteStore) {
    guard let payload = reads.last?.lowerBound, payload <= store.count else { return nil }
    var found: LocalHeader?
    for read in reads.dropLast() {
      for offset in [read.lowerBound, read.lowerBound - 26] where found?.isConsistent != true {
        guard offset >= 0, offset + 30 <= payload, read.upperBound >= offset + 30 else { continue }
        let header = store.array(offset..<offset + 30)
        let nameByteCount = Int(header[26]) | Int(header[27]) << 8
        let extraByteCount = Int(header[28]) | Int(header[29]) << 8
        guard offset + 30 + nameByteCount + extraByteCount == payload else { continue }
        let isConsistent =
          header.starts(with: [0x50, 0x4B, 3, 4]) && store.array(offset + 30..<offset + 30 + nameByteCount) == name
        found = LocalHeader(offset: offset, payload: payload, isConsistent: isConsistent)
      }
    }
    guard let found else { return nil }
    self = found
  }

  private init(offset: Int, payload: Int, isConsistent: Bool) {
    self.offset = offset
    self.payload = payload
    self.isConsistent = isConsistent
  }
}
