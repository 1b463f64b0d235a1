import StateDicts

/// The pickle of an archive, read while libzip still reads the directory, which stands last: `torch.save` writes
/// `data.pkl` first.
///
///     50 4b 03 04 …  0c 00  04 00  "net/data.pkl"  …  80 02 7d …     lengths of name and padding at 26, the name at 30
///
/// That it lies here is a guess, for the directory alone says what an archive holds. So what was read is only used where
/// the directory comes to the same place, and thrown away else.
struct EarlyPickle: Sendable {
  private let read: TorchPickle

  /// Nil where there is no such pickle, or where it is wrong in any way: reading it in turn tells why.
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
    unsafe store.withUnsafeBytes { bytes in
      guard bytes.count >= 30, unsafe bytes.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
      let nameEnd = unsafe 30 + Int(bytes[26]) + Int(bytes[27]) << 8
      let start = unsafe nameEnd + Int(bytes[28]) + Int(bytes[29]) << 8
      guard start <= bytes.count, unsafe bytes[30..<nameEnd].suffix(8).elementsEqual("data.pkl".utf8) else {
        return nil
      }
      return start
    }
  }
}
