import StateDicts

extension Checkpoint {
  /// What a gzip stream holds.
  init(gzip store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    let (inner, unpacking) = try options.inside(store)
    do throws(CheckpointError) {
      // What is no checkpoint is told by its first bytes, before all of it is unpacked.
      _ = try FileKind.detect(ByteStore(copying: Gzip.head(of: store)))
      self = try Checkpoint(Gzip.unpack(store, unpacking), file: file, options: inner)
    } catch {
      throw error.inside("the gzip stream", of: file)
    }
    notes.insert("The file is compressed by gzip: it was unpacked to be read.", at: 0)
    lies(in: store, file: file)
  }

  /// Makes this the checkpoint of the file that its own lies in.
  mutating func lies(in store: ByteStore, file: String) {
    self.store = store
    self.file = file
    byteCount = store.count
    guard case .stateDict(var stateDict) = contents else { return }
    stateDict.metadata.source?.name = provenance.name
    stateDict.metadata.source?.byteCount = byteCount
    stateDict.metadata.source?.marks = marks
    contents = .stateDict(stateDict)
  }

  /// Puts the name of a member before what was read of it.
  mutating func name(_ outer: String) {
    let name = member.map { "\(outer)/\($0)" } ?? outer
    member = name
    marks.removeAll { $0.name == "member" }
    marks.append(JSONValue.Member("member", .string(name)))
  }

  /// - Throws: `noStateDict` where the options name a member of a file that is no archive of several.
  func requireMember(_ options: CheckpointOptions) throws(CheckpointError) {
    guard let name = options.member, member == nil, !options.memberIsOptional else { return }
    throw CheckpointError(
      .noStateDict, "There is no member \(name): the file is a checkpoint itself (\(format.rawValue)).", file: file,
      remedy: "leave out --member (member:); --key names a part of a checkpoint")
  }
}
