import StateDicts

/// The storages and tensors of a tar archive, which its pickle refers to by their keys.
struct TarRecords: StorageRecords {
  private var storages: [String: StorageReference] = [:]
  private var tensors: [String: Tensor] = [:]
  /// Every global that their pickles name.
  private(set) var globals: [GlobalUse] = []

  func tensor(key: String) -> Tensor? { tensors[key] }

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    guard let reference = storages[key], reference.storage.byteCount >= byteCount else {
      throw CheckpointError(.missingRecord, "Storage \(key) of \(byteCount) bytes is not in the archive.")
    }
    return reference.storage
  }

  /// - Throws: `malformedHeader`, `truncated`, `malformedTensor`, `missingRecord`.
  init(
    _ store: ByteStore, storages: Range<Int>, tensors: Range<Int>, options: CheckpointOptions,
    origin: StorageOrigin
  ) throws(CheckpointError) {
    var reader = PickleReader(store, from: storages.lowerBound, to: storages.upperBound, options: options)
    for _ in 0..<(try Self.count(reader.next().pickle, in: storages)) {
      try readStorage(&reader, store, origin)
    }
    try readViews(reader.next().pickle)
    globals = reader.globals
    reader = PickleReader(store, from: tensors.lowerBound, to: tensors.upperBound, options: options)
    for _ in 0..<(try Self.count(reader.next().pickle, in: tensors)) { try readTensor(&reader, store, origin) }
    globals += reader.globals
  }

  private static func count(_ pickle: Pickle, in range: Range<Int>) throws(CheckpointError) -> Int {
    guard let count = pickle.integer(at: pickle.root), (0...range.count).contains(count) else {
      throw malformed("The number of records is invalid.", pickle)
    }
    return count
  }

  private mutating func readStorage(
    _ reader: inout PickleReader, _ store: ByteStore, _ origin: StorageOrigin
  ) throws(CheckpointError) {
    let pickle = try reader.next().pickle
    let parts = Array(pickle.sequence(at: pickle.root) ?? [])
    guard parts.count == 3, let global = pickle.global(at: parts[2]), case .storage(let type) = GlobalMeaning(global)
    else { throw Self.malformed("The record of a storage is not a key, location and class.", pickle) }
    let key = pickle.keyText(parts[0])
    let range = try reader.skip(reader.number(Int64.self), elementsOf: type.byteCount, "Storage \(key)")
    let storage = Storage(
      .region(store, offset: range.lowerBound), byteCount: range.count, key: key, location: pickle.text(at: parts[1]),
      origin: origin)
    storages[key] = StorageReference(storage: storage, elementType: type, byteCount: range.count)
  }

  private mutating func readViews(_ pickle: Pickle) throws(CheckpointError) {
    guard let views = pickle.sequence(at: pickle.root) else {
      throw Self.malformed("The storage views are not a list.", pickle)
    }
    for view in views {
      let parts = Array(pickle.sequence(at: view) ?? [])
      guard parts.count == 4, let root = storages[pickle.keyText(parts[1])], let offset = pickle.integer(at: parts[2]),
        let count = pickle.integer(at: parts[3]), offset >= 0, count >= 0
      else { throw Self.malformed("A storage view has an unknown storage.", pickle) }
      let elements = root.byteCount / root.elementType.byteCount
      guard offset <= elements, count <= elements - offset else {
        throw Self.malformed("A storage view exceeds its storage.", pickle)
      }
      let width = root.elementType.byteCount
      storages[pickle.keyText(parts[0])] = StorageReference(
        storage: root.storage, elementType: root.elementType, byteOffset: root.byteOffset + offset * width,
        byteCount: count * width)
    }
  }

  private mutating func readTensor(
    _ reader: inout PickleReader, _ store: ByteStore, _ origin: StorageOrigin
  ) throws(CheckpointError) {
    let pickle = try reader.next().pickle
    let parts = Array(pickle.sequence(at: pickle.root) ?? [])
    guard parts.count == 3 else {
      throw Self.malformed("The record of a tensor is not a key, storage and class.", pickle)
    }
    let key = pickle.keyText(parts[0])
    guard let reference = storages[pickle.keyText(parts[1])] else {
      throw CheckpointError(
        .missingRecord, "The storage \(pickle.keyText(parts[1])) of tensor \(key) is missing.")
    }
    let rank = try Int(reader.number(Int32.self))
    _ = try reader.number(Int32.self)
    guard (0...64).contains(rank) else { throw Self.malformed("A tensor has \(rank) dimensions.", pickle) }
    var numbers: [Int] = []
    for _ in 0..<2 * rank + 1 { try numbers.append(Int(reader.number(Int64.self))) }
    tensors[key] = try Tensor(
      elementType: reference.elementType,
      geometry: reference.geometry(
        shape: Array(numbers[..<rank]), strides: Array(numbers[rank..<2 * rank]), offset: numbers[2 * rank],
        of: reference.elementType),
      storage: reference.storage)
  }

  private static func malformed(_ message: String, _ pickle: Pickle) -> CheckpointError {
    CheckpointError.malformedHeader(message, offset: pickle.range.lowerBound)
  }
}
