import StateDicts

/// What one file, with all files in it, has taken so far of the limits on tensors, names and pickles.
///
/// Each pickle, and each file inside a pickle or an archive, is held against the limits by itself; this keeps a thousand
/// of them from taking a thousand times as much.
final class Spending: Sendable {
  private struct Sums {
    var tensorCount = 0
    var nameByteCount = 0
    var pickleByteCount = 0
    var fileCount = 0
  }

  private let sums = Locked(Sums())

  /// Counts a tensor and the length of its name.
  ///
  /// - Throws: `limitExceeded`.
  func add(tensors: Int, nameByteCount: Int, _ limits: CheckpointLimits) throws(CheckpointError) {
    let sums = sums.withLock { sums in
      sums.tensorCount += tensors
      sums.nameByteCount += nameByteCount
      return sums
    }
    guard sums.tensorCount <= limits.tensorCount else { throw CheckpointError.tooManyTensors(limits) }
    guard sums.nameByteCount <= limits.nameByteCount else { throw CheckpointError.namesTooLong(limits) }
  }

  /// Counts what the values of a pickle take in memory.
  ///
  /// - Throws: `limitExceeded`.
  func add(pickleByteCount: Int, _ limits: CheckpointLimits) throws(CheckpointError) {
    // One pickle may be read twice, of which one is kept: see `EarlyPickle`.
    let limit = limits.pickleValueCount.times(48) ?? .max
    let sum = sums.withLock { sums in
      sums.pickleByteCount += pickleByteCount
      return sums.pickleByteCount
    }
    guard sum <= limit else {
      throw CheckpointError.overLimit("The pickles in the file take more than \(limit) bytes of memory.")
    }
  }

  /// The most files that are opened inside one file; `pickle.dump` writes one for each storage.
  private static let fileLimit = 1 << 15

  /// Counts a file that is opened inside another.
  ///
  /// - Throws: `limitExceeded`.
  func addFile() throws(CheckpointError) {
    let count = sums.withLock { sums in
      sums.fileCount += 1
      return sums.fileCount
    }
    guard count <= Self.fileLimit else {
      throw CheckpointError.overLimit("The file holds more than \(Self.fileLimit) other files.")
    }
  }
}

extension CheckpointOptions {
  /// The options with a new account of what is taken of the limits, unless a file around this one has one.
  var accounting: CheckpointOptions {
    var options = self
    if options.limits.spending == nil { options.limits.spending = Spending() }
    return options
  }
}
