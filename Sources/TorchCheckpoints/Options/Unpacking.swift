import StateDicts

/// What may still be unpacked of one file that is being opened, whatever lies in what: a bound for bombs in bombs.
final class Unpacking: Sendable {
  private let left: Locked<Int>
  private let limits: CheckpointLimits
  private let limit: Int

  /// What a file of `byteCount` bytes may become below that is no sign of a bomb.
  private static let harmlessByteCount = 64 << 20

  /// - Parameter byteCount: the size of the outermost file.
  init(of byteCount: Int, limits: CheckpointLimits) {
    let inflated = byteCount.times(limits.unpackedInflation) ?? .max
    limit = min(limits.unpackedByteCount, max(inflated, Self.harmlessByteCount))
    left = Locked(limit)
    self.limits = limits
  }

  /// The bytes that `produce` gives one window after another.
  ///
  /// - Parameter byteCount: how many there are to be; nil where the file does not say.
  /// - Throws: `limitExceeded` before more is unpacked than is left; what `produce` throws.
  func bytes(
    byteCount: Int? = nil,
    _ produce: ((UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) -> Void
  ) throws(CheckpointError) -> ByteStore {
    if let byteCount { try require(byteCount) }
    let bytes = UnpackedBytes(memoryLimit: limits.unpackedMemoryByteCount)
    try unsafe produce { window throws(CheckpointError) in
      try take(window.count)
      try unsafe bytes.append(window)
    }
    return try bytes.finish()
  }

  private func require(_ byteCount: Int) throws(CheckpointError) {
    guard left.withLock({ byteCount <= $0 }) else { throw tooMuch }
  }

  private func take(_ byteCount: Int) throws(CheckpointError) {
    let rest = left.withLock { left -> Int? in
      guard byteCount <= left else { return nil }
      left -= byteCount
      return left
    }
    guard let rest else { throw tooMuch }
    try AwaitedWork.report(limit - rest, of: nil)
  }

  private var tooMuch: CheckpointError {
    CheckpointError.overLimit("The compressed bytes inflate to more than \(limit) bytes.")
  }
}

extension CheckpointOptions {
  /// The options for a file that lies in another: one step deeper, under the same bound for what is unpacked.
  ///
  /// - Throws: `limitExceeded` for files in files in files.
  func inside(_ store: ByteStore) throws(CheckpointError) -> (options: CheckpointOptions, unpacking: Unpacking) {
    var options = self
    let unpacking = unpacking ?? Unpacking(of: store.count, limits: limits)
    options.unpacking = unpacking
    options.embeddingDepth += 1
    guard options.embeddingDepth <= CheckpointLimits.embeddingDepth else {
      throw CheckpointError.nestedTooDeep("Archives")
    }
    return (options, unpacking)
  }
}
