import StateDicts

extension CheckpointContents {
  /// Makes this what was found in the file that its own lies in.
  mutating func lies(in store: ByteStore, file: String) {
    self.store = store
    self.file = file
    byteCount = store.count
  }

  /// Puts the name of a member before what was read of it.
  mutating func name(_ outer: String) {
    let name = member.map { "\(outer)/\($0)" } ?? outer
    member = name
    marks["member"] = nil
    marks["member"] = .string(name)
  }

  /// - Throws: `noStateDict` where the options name a member of a file that is no archive of several.
  func requireMember(_ options: CheckpointOptions) throws(CheckpointError) {
    guard let name = options.member, member == nil, !options.memberIsOptional else { return }
    throw CheckpointError(
      .noStateDict, "No member \(name): the file is a checkpoint itself (\(format.rawValue)).", file: file,
      remedy: "omit --member (member:); use --key for a part of a checkpoint")
  }
}
