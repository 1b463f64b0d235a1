import StateDicts

/// Pickles that lie one after another in a file.
struct PickleReader {
  private let store: ByteStore
  private let options: CheckpointOptions
  private let end: Int
  private(set) var position: Int
  /// Every global that they name.
  private(set) var globals: [GlobalUse] = []

  init(_ store: ByteStore, from position: Int = 0, to end: Int? = nil, options: CheckpointOptions) {
    self.store = store
    self.options = options
    self.position = position
    self.end = end ?? store.count
  }

  /// The next pickle.
  ///
  /// - Throws: as `PickleMachine.run`, with the offset counted from the start of the file; as `TorchPickle`.
  mutating func next() throws(CheckpointError) -> TorchPickle {
    // What follows a pickle is no part of it, so the limit holds for how far it is read.
    let range = position..<position + min(end - position, options.limits.pickleByteCount)
    let pickle: Pickle
    do {
      pickle = try PickleMachine.run(store, range, limits: options.limits)
    } catch var error {
      error.offset = error.offset.map { $0 + range.lowerBound }
      throw error
    }
    position = pickle.range.upperBound
    let read = try TorchPickle(pickle, options: options)
    globals += read.globals
    return read
  }

  /// The next bytes as a little-endian number.
  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(CheckpointError) -> Number {
    let store = store
    var cursor = ByteCursor(store.bytes.extracting(first: end), at: position, held: HeldBytes(store))
    let number = try cursor.read(Number.self)
    position = cursor.position
    return number
  }

  /// Passes over `count` elements of `width` bytes.
  ///
  /// - Throws: `malformedHeader` for a count that is negative or beyond 2^63 bytes, `truncated`.
  mutating func skip(_ count: Int64, elementsOf width: Int, _ what: String) throws(CheckpointError) -> Range<Int> {
    guard count >= 0, let byteCount = Int(count).times(width) else {
      throw CheckpointError.malformedHeader("\(what) declares \(count) elements.", offset: position)
    }
    guard byteCount <= end - position else {
      throw CheckpointError.truncated(
        "\(what) has \(byteCount) bytes, but only \(end - position) are left.", offset: position)
    }
    defer { position += byteCount }
    return position..<position + byteCount
  }
}
