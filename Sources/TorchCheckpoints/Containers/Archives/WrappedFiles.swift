import StateDicts

/// An archive that is no checkpoint itself but holds some: what Stable-Baselines3, TorchServe, NeMo, AllenNLP,
/// SageMaker and people with `zip` and `tar` make.
///
///     agent.zip     data, policy.pth, policy.optimizer.pth, pytorch_variables.pth       Stable-Baselines3
///     model.mar     MAR-INF/MANIFEST.json, model.pth                                    TorchServe
///     model.nemo    ./model_config.yaml, ./model_weights.ckpt                           NeMo: tar, or tar in gzip
///     large.nemo    ./model_weights/.metadata, ./model_weights/__0_0.distcp …           NeMo, of several processes
///     model.tar.gz  config.json, weights.th, vocabulary/tokens.txt                      AllenNLP
///
/// The member that is the checkpoint is found by contents, not by names: `MemberRole`.
struct WrappedFiles {
  private let container: String
  private let store: ByteStore
  private let file: String
  private let members: [ArchiveMember]

  /// The largest number of checkpoints in an archive that are opened to find the one with weights.
  private static let openedLimit = 64
  /// How many names a message lists.
  private static let listedLimit = 20

  init(_ archive: ZipArchive, file: String) {
    self.init("zip archive", archive.store, file, archive.entries.map { ArchiveMember($0, of: archive) })
  }

  /// - Throws: `truncated` for an archive that may have had more members.
  init(_ archive: TarArchive, _ store: ByteStore, file: String) throws(CheckpointError) {
    guard archive.hasEnd else {
      throw CheckpointError.truncated(
        "The tar archive is truncated: the final block of zeros is missing.", offset: store.count)
    }
    self.init("tar archive", store, file, archive.members.map { ArchiveMember($0, of: store) })
  }

  private init(_ container: String, _ store: ByteStore, _ file: String, _ members: [ArchiveMember]) {
    self.container = container
    self.store = store
    self.file = file
    self.members = members.filter { !$0.isMeaningless }
  }

  /// Opens the checkpoint that the options name, or the only one.
  ///
  /// - Throws: `ambiguousStateDict` where several fit, `noStateDict` for a member that is not there, `notACheckpoint`
  ///   where there is none; what opening a checkpoint throws.
  func open(_ options: CheckpointOptions) throws(CheckpointError) -> CheckpointContents {
    var (inner, unpacking) = try options.inside(store)
    inner.member = nil
    if let name = options.member { return try named(name, inner, unpacking) }
    let (candidates, others) = try sorted(unpacking)
    guard let first = candidates.first else { throw nothing(others) }
    guard candidates.count > 1 else {
      return try open(first, inner, unpacking, note(first.name, others.map(\.text)))
    }
    guard candidates.count <= Self.openedLimit else {
      throw ambiguous("\(candidates.count) checkpoints", candidates.map(\.name), choice: first.name)
    }
    return try only(of: candidates, others, inner, unpacking)
  }

  /// The one that holds weights, of several checkpoints.
  private func only(
    of candidates: [Candidate], _ others: [Other], _ options: CheckpointOptions, _ unpacking: Unpacking
  ) throws(CheckpointError) -> CheckpointContents {
    var texts: [String] = []
    var weights: [(place: Int, contents: CheckpointContents)] = []
    var globals: [GlobalUse] = []
    for member in candidates {
      var text: String
      do throws(CheckpointError) {
        let contents = try open(member, options, unpacking)
        let role = MemberRole(contents)
        text = role.text
        globals += contents.globals
        if case .weights = role { weights.append((texts.count, contents)) }
      } catch {
        // The first must not be hidden by another member that is sound, the second would come again with each.
        if error.code == .dangerousGlobal || error.code == .limitExceeded { throw error }
        text = error.message
      }
      texts.append("\(member.name) (\(text))")
    }
    guard weights.count == 1 else {
      let what = weights.isEmpty ? "several checkpoints without weights" : "\(weights.count) checkpoints of weights"
      throw ambiguous(what, texts, choice: candidates[weights.first?.place ?? 0].name)
    }
    texts.remove(at: weights[0].place)
    var chosen = weights[0].contents
    chosen.notes.insert(note(candidates[weights[0].place].name, texts + others.map(\.text)), at: 0)
    chosen.globals += globals
    return chosen
  }

  /// The member of a name, or the one that a longer name begins with.
  private func named(
    _ name: String, _ options: CheckpointOptions, _ unpacking: Unpacking
  ) throws(CheckpointError) -> CheckpointContents {
    let name = ArchiveMember.plain(name)
    if let member = members.first(where: { $0.name == name }) {
      return try open(Candidate(name: name, place: .member(member)), options, unpacking)
    }
    if let folder = folders(unpacking).first(where: { $0.name == name || $0.name + "/" == name }) {
      return try open(folder, options, unpacking)
    }
    if let outer = members.first(where: { name.hasPrefix($0.name + "/") }) {
      var options = options
      options.member = String(name.dropFirst(outer.name.count + 1))
      return try open(Candidate(name: outer.name, place: .member(outer)), options, unpacking)
    }
    throw CheckpointError(
      .noStateDict, "The \(container) has no member \(name). It has: \(list(members.map(\.name))).", file: file,
      remedy: "use one of these: --member NAME (member:)")
  }

  private func open(
    _ candidate: Candidate, _ options: CheckpointOptions, _ unpacking: Unpacking, _ note: String? = nil
  ) throws(CheckpointError) -> CheckpointContents {
    do throws(CheckpointError) {
      var contents: CheckpointContents
      switch candidate.place {
      case .folder(let folder): contents = try folder.open(options)
      case .member(let member):
        contents = try FileReader.read(member.bytes(unpacking), file: "\(file): \(member.name)", options)
        if case .zip(let archive, let entry) = member.contents { contents.outerEntries.append((archive, entry)) }
      }
      contents.name(candidate.name)
      contents.lies(in: store, file: file)
      if let note { contents.notes.insert(note, at: 0) }
      return contents
    } catch {
      throw error.inside(candidate.name, of: file)
    }
  }

  // MARK: - What is what

  /// A member that is no checkpoint.
  private struct Other {
    let name: String
    let nature: ArchiveMember.Nature

    var text: String {
      switch nature {
      case .foreign(let format, _): "\(name) (\(format))"
      case .locked(let obstacle): "\(name) (\(obstacle.text))"
      case .checkpoint, .other: name
      }
    }

    var remedy: String? {
      switch nature {
      case .foreign(_, let remedy): remedy
      case .locked(let obstacle): obstacle.remedy
      case .checkpoint, .other: nil
      }
    }
  }

  /// What may be a checkpoint: a file, or a folder of torch.distributed.checkpoint.
  private struct Candidate {
    enum Place {
      case member(ArchiveMember)
      case folder(CheckpointFolder)
    }

    let name: String
    let place: Place
  }

  /// What may be checkpoints, and the other members.
  private func sorted(
    _ unpacking: Unpacking
  ) throws(CheckpointError) -> (candidates: [Candidate], others: [Other]) {
    var candidates = folders(unpacking)
    let prefixes = candidates.map { $0.name == "." ? "" : $0.name + "/" }
    var others: [Other] = []
    for member in members where !prefixes.contains(where: member.name.hasPrefix) {
      let nature = try member.nature()
      if nature == .checkpoint {
        candidates.append(Candidate(name: member.name, place: .member(member)))
      } else {
        others.append(Other(name: member.name, nature: nature))
      }
    }
    return (candidates, others)
  }

  /// The folders in the archive that have a `.metadata`, as NeMo 2 and Megatron keep weights.
  private func folders(_ unpacking: Unpacking) -> [Candidate] {
    members.filter { $0.name == ".metadata" || $0.name.hasSuffix("/.metadata") }.prefix(Self.openedLimit).map {
      metadata in
      let prefix = String(metadata.name.dropLast(".metadata".count))
      var files: [String: ArchiveMember] = [:]
      for member in members where member.name.hasPrefix(prefix) {
        files[String(member.name.dropFirst(prefix.count))] = member
      }
      let name = prefix.isEmpty ? "." : String(prefix.dropLast())
      let folder = CheckpointFolder(path: "\(file): \(name)", members: files, unpacking: unpacking)
      return Candidate(name: name, place: .folder(folder))
    }
  }

  // MARK: - In words

  private func nothing(_ others: [Other]) -> CheckpointError {
    CheckpointError(
      .notACheckpoint,
      others.isEmpty
        ? "The \(container) is empty." : "The \(container) has no checkpoint. It has: \(list(others.map(\.text))).",
      file: file, remedy: others.lazy.compactMap(\.remedy).first ?? "check the source of the file")
  }

  private func ambiguous(_ what: String, _ names: [String], choice: String) -> CheckpointError {
    .ambiguous("The \(container) has \(what): \(list(names)).", member: choice, file: file)
  }

  private func note(_ name: String, _ rest: [String]) -> String {
    "Read from \(name) in the \(container)" + (rest.isEmpty ? "." : ", which also has \(list(rest, limit: 8)).")
  }

  private func list(_ names: [String], limit: Int = WrappedFiles.listedLimit) -> String {
    names.prefix(limit).joined(separator: ", ") + (names.count > limit ? " and \(names.count - limit) more" : "")
  }
}
