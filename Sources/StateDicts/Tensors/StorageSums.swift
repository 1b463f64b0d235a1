/// Checksums of storages, taken as their parts are read; what was not read by the end is read then.
final class StorageSums: Sendable {
  private struct Entry {
    let storage: Storage
    var parts: [(range: Range<Int>, sum: Checksum)] = []
  }

  private let entries = Locked((byStorage: [ObjectIdentifier: Entry](), order: [ObjectIdentifier]()))

  /// Registers a storage whose checksum must be checked.
  func expect(_ storage: Storage) {
    guard storage.checksum != nil else { return }
    entries.withLock { entries in
      guard entries.byStorage[ObjectIdentifier(storage)] == nil else { return }
      entries.byStorage[ObjectIdentifier(storage)] = Entry(storage: storage)
      entries.order.append(ObjectIdentifier(storage))
    }
  }

  /// Takes the sum of bytes that were read.
  func add(_ storage: Storage, _ range: Range<Int>, _ sum: Checksum) {
    entries.withLock { $0.byStorage[ObjectIdentifier(storage)]?.parts.append((range, sum)) }
  }

  func isExpected(_ storage: Storage) -> Bool {
    entries.withLock { $0.byStorage[ObjectIdentifier(storage)] != nil }
  }

  /// Goes to a box of a tensor, and takes the sum of the bytes that hold it: with that they are in the cache, read from
  /// first to last.
  func enter(_ reader: BoxReader, _ box: ElementGrid.Box, of tensor: Tensor) throws {
    let range = try reader.enter(box)
    let storage = tensor.storage
    guard !range.isEmpty, storage.packedContents == nil, isExpected(storage) else { return }
    let (store, base) = try storage.region()
    add(storage, range, try store.checksum(of: base + range.lowerBound..<base + range.upperBound))
  }

  /// Checks the sum of every storage against the file.
  ///
  /// - Throws: `checksumMismatch`.
  func confirm() throws {
    let all = entries.withLock { entries in entries.order.compactMap { entries.byStorage[$0] } }
    var rest: [Storage] = []
    for entry in all {
      var (sum, end) = (Checksum(), 0)
      for part in entry.parts.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
      where part.range.lowerBound == end {
        sum.append(part.sum, byteCount: part.range.count)
        end = part.range.upperBound
      }
      if end == entry.storage.byteCount, end > 0 {
        try entry.storage.confirm(sum)
      } else {
        rest.append(entry.storage)
      }
    }
    try Storage.verify(rest)
  }
}

extension Storage {
  /// Checks storages against the checksums that their files give, by two threads, however few there are.
  ///
  /// - Throws: `checksumMismatch`.
  static func verify(_ storages: [Storage]) throws {
    let window = 4 * Tensor.windowByteCount
    let packed = storages.filter { $0.packedContents != nil }
    _ = try concurrentMap(packed) { try $0.verify(dropping: true) }
    let plain = storages.filter { $0.packedContents == nil && $0.needsVerification }
    let parts = plain.enumerated().flatMap { place, storage in
      stride(from: 0, to: storage.byteCount, by: window).map { (place, $0..<min($0 + window, storage.byteCount)) }
    }
    let sums = try concurrentMap(parts) { place, range in
      let (store, base) = try plain[place].region()
      return try store.checksum(of: base + range.lowerBound..<base + range.upperBound, dropping: true)
    }
    var whole = [Checksum](repeating: Checksum(), count: plain.count)
    for ((place, range), sum) in zip(parts, sums) { whole[place].append(sum, byteCount: range.count) }
    for (storage, sum) in zip(plain, whole) { try storage.confirm(sum) }
  }
}
