/// How many bytes are read more than once when tensors are read one after another.
///
/// Strides of 0 and views of the same bytes let a small file name terabytes: time is linear in the size of a file only if this is
/// limited.
package struct RepeatedBytes {
  /// How often all storages may be read again, whatever the limit: tied tensors and parts of a flat storage are common.
  private static let rounds = 4

  private let limit: Int
  private var total = 0
  /// How many bytes of each storage were read.
  private var readByteCounts: [ObjectIdentifier: Int] = [:]

  /// Begins before any of the tensors is read.
  ///
  /// - Parameters:
  ///   - limit: How many bytes may be repeated in total, or `rounds` times those of the tensors' storages if that is more.
  package init(limit: Int, over tensors: some Sequence<Tensor>) {
    var seen = Set<ObjectIdentifier>()
    var stored = 0
    func visit(_ tensor: Tensor) {
      for component in tensor.composition?.components ?? [] { visit(component.tensor) }
      guard seen.insert(ObjectIdentifier(tensor.storage)).inserted else { return }
      if let computed = tensor.storage.computedContents {
        for source in computed.sources { visit(source) }
      } else {
        stored = stored.plus(tensor.storage.byteCount) ?? .max
      }
    }
    for tensor in tensors { visit(tensor) }
    self.limit = max(limit, stored.times(Self.rounds) ?? .max)
  }

  /// Takes a tensor in.
  ///
  /// - Returns: Whether it can be read within the limit; else it is not counted.
  package mutating func admit(_ tensor: Tensor) -> Bool {
    let repeated = add(tensor)
    guard repeated > 0 else { return true }
    guard let sum = total.plus(repeated), sum <= limit else { return false }
    total = sum
    return true
  }

  /// Notes that a tensor is read, with all that it is computed from or composed of.
  ///
  /// - Returns: How many bytes are repeated by it.
  private mutating func add(_ tensor: Tensor) -> Int {
    var repeated = 0
    for component in tensor.composition?.components ?? [] { repeated = repeated.plus(add(component.tensor)) ?? .max }
    guard tensor.composition?.hasElements != false else { return repeated }
    let storage = tensor.storage
    let before = readByteCounts[ObjectIdentifier(storage)] ?? 0
    if before == 0, let computed = storage.computedContents {
      // What is computed is read from its sources part by part: views of it that are parts read each part once.
      for source in computed.sources { repeated = repeated.plus(add(source)) ?? .max }
    }
    let after = before.plus(tensor.byteCount) ?? .max
    readByteCounts[ObjectIdentifier(storage)] = after
    return repeated.plus(max(after - storage.byteCount, 0) - max(before - storage.byteCount, 0)) ?? .max
  }

  /// Requires that tensors which are read one after another do not repeat more bytes than a limit.
  ///
  /// - Throws: `limitExceeded`.
  package static func require(_ tensors: some Sequence<Tensor>, within limit: Int) throws(CheckpointError) {
    var repeated = RepeatedBytes(limit: limit, over: tensors)
    for tensor in tensors where !repeated.admit(tensor) { throw exceeded(limit) }
  }

  /// Returns the error for tensors that repeat more bytes than the limit.
  package static func exceeded(_ limit: Int) -> CheckpointError {
    CheckpointError(
      .limitExceeded, "Expanded and overlapping views exceed the limit of \(limit) repeated bytes in total.",
      remedy: "raise the limit if you trust the file (expandedByteCount, --limit-factor 10)")
  }
}
