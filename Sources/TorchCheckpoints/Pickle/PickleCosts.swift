import StateDicts

/// What a pickle costs beside its values, in proportion to which all of it is limited.
///
///     28 30 28 30 …             MARK POP: any number of instructions without a value
///     28 28 28 …                MARK: eight bytes of memory for one of the file
///     68 00 68 00 …             BINGET: any number of uses of one string, each of which somebody reads
///
/// Valid files stay at a third of these limits and below.
struct PickleCosts {
  /// After how many instructions the limits are looked at.
  static let interval = 1024
  /// Uses of texts up to this length are not counted.
  private static let shortLength = 64
  /// After how many bytes the pages of the file are given back.
  private static let releasedByteCount = 8 << 20

  private let valueLimit: Int
  private let globalLimit: Int
  /// How many IDs are in lists, sets and mappings.
  var sequenceItemCount = 0
  private var globalByteCount = 0
  private var globalCount = 0
  private var repeatedByteCount = 0
  /// The texts in tuples that have long ones, or many.
  private var textOfTuple: [Int: Int] = [:]
  private var released: Int?

  /// About what this and the globals take.
  var memoryByteCount: Int { textOfTuple.count * 48 + globalCount * 256 + globalByteCount * 2 }

  init(_ limits: CheckpointLimits) {
    valueLimit = limits.pickleValueCount
    globalLimit = max(limits.pickleValueCount / 64, 64)
  }

  /// - Throws: `limitExceeded`.
  func require(instructionCount: Int, memoryByteCount: Int) throws(CheckpointError) {
    guard instructionCount <= valueLimit.times(8) ?? .max else {
      throw CheckpointError.overLimit("The pickle has more than \(valueLimit.times(8) ?? .max) instructions.")
    }
    guard memoryByteCount <= valueLimit.times(24) ?? .max else {
      throw CheckpointError.overLimit(
        "The values of the pickle take more than \(valueLimit.times(24) ?? .max) bytes of memory.")
    }
  }

  /// Counts a global that is named for the first time: each is looked up in several lists.
  ///
  /// - Throws: `limitExceeded`.
  mutating func add(_ global: Pickle.Global) throws(CheckpointError) {
    globalCount += 1
    globalByteCount += global.module.utf8.count + global.name.utf8.count
    guard globalCount <= globalLimit else {
      throw CheckpointError.overLimit("The pickle names more than \(globalLimit) globals.")
    }
    guard globalByteCount <= valueLimit.times(4) ?? .max else {
      throw CheckpointError.overLimit(
        "The names of the pickle's globals have more than \(valueLimit.times(4) ?? .max) bytes.")
    }
  }

  // MARK: - Texts that are used again

  /// Counts the text of a value that is used once more.
  ///
  /// Whoever walks through the values reads each text at each place: without this limit that could be gigabytes for a
  /// file of 100 kB.
  ///
  /// - Throws: `limitExceeded`.
  mutating func add(_ id: Pickle.ID, in nodes: [Pickle.Node]) throws(CheckpointError) {
    let count = byteCount(of: id, in: nodes)
    guard count > Self.shortLength else { return }
    repeatedByteCount += count
    guard repeatedByteCount <= valueLimit.times(16) ?? .max else {
      throw CheckpointError.overLimit(
        "The pickle repeats long strings by reference, more than \(valueLimit.times(16) ?? .max) bytes in total.")
    }
  }

  /// Notes how much text is in a tuple, which may be a key.
  mutating func note(tuple number: Int, of items: ArraySlice<Pickle.ID>, in nodes: [Pickle.Node]) {
    var sum = 0
    for item in items { sum = sum.plus(byteCount(of: item, in: nodes)) ?? .max }
    if sum > Self.shortLength { textOfTuple[number] = sum }
  }

  private func byteCount(of id: Pickle.ID, in nodes: [Pickle.Node]) -> Int {
    switch nodes[Int(id.index)] {
    case .text(let slice), .byteText(let slice): Int(slice.count)
    case .tuple: textOfTuple.isEmpty ? 0 : textOfTuple[Int(id.index)] ?? 0
    default: 0
    }
  }

  // MARK: - Pages

  /// Gives back the pages of what was read: they count as memory in use, and come back if they are needed.
  mutating func release(_ store: ByteStore, upTo position: Int) {
    let start = released ?? position
    if position - start > Self.releasedByteCount {
      store.drop(start..<position)
      released = position
    } else {
      released = start
    }
  }
}
