import StateDicts

/// The pickle of an archive, read while libzip still reads the directory, which stands last: `torch.save` writes
/// `data.pkl` first.
///
///     50 4b 03 04 …  0c 00  04 00  "net/data.pkl"  …  80 02 7d …     lengths of name and padding at 26, the name at 30
///
/// The position is a guess, since only the directory defines the contents of an archive. So the result is used only if
/// the directory has the same position, and discarded otherwise.
struct EarlyPickle: Sendable {
  private let read: TorchPickle

  /// Nil if there is no such pickle, or if it is invalid; reading it later reports why.
  init?(_ store: ByteStore, options: CheckpointOptions) {
    guard let start = Self.start(store) else { return nil }
    let end = start + min(store.count - start, options.limits.pickleByteCount)
    guard let pickle = try? PickleMachine.run(store, start..<end, limits: options.limits),
      let read = try? TorchPickle(pickle, options: options)
    else { return nil }
    self.read = read
  }

  /// What was read, if these are its bytes.
  func pickle(in store: ByteStore, at range: Range<Int>) -> TorchPickle? {
    read.pickle.store === store && read.pickle.range.lowerBound == range.lowerBound
      && read.pickle.reach <= range.upperBound ? read : nil
  }

  private static func start(_ store: ByteStore) -> Int? {
    let header = store.array(0..<30)
    guard header.count == 30, header.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
    let nameEnd = 30 + Int(header[26]) + Int(header[27]) << 8
    let start = nameEnd + Int(header[28]) + Int(header[29]) << 8
    guard start <= store.count, store.text(30..<nameEnd).hasSuffix("data.pkl") else { return nil }
    return start
  }
}
