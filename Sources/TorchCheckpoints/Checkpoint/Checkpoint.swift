public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// An open checkpoint: its tensors, its other values, and the format's own metadata.
///
/// Nothing in the file is run.
///
///     let checkpoint = try Checkpoint(contentsOf: url)
///     checkpoint.tensors                              // every tensor, by the path to it
///     checkpoint.value?["epoch"]?.intValue            // the other values
///     let weights = try checkpoint.stateDict()        // the state dict, found or named: stateDict(key: "ema")
///
/// Opening a file reads the pickle and checks the geometry of all tensors; bytes are read when they are used.
public struct Checkpoint: Sendable {
  /// The contents of the file.
  let contents: CheckpointContents
  let options: CheckpointOptions
  /// The globals in the pickles, each once, in order.
  public let globals: [GlobalUse]

  init(_ contents: CheckpointContents, options: CheckpointOptions) {
    self.contents = contents
    self.options = options
    globals = GlobalUse.each(contents.globals)
  }

  /// The container format.
  public var format: CheckpointFormat { contents.format }
  /// The file, as given by the caller.
  public var file: String { contents.file }
  /// The size of the file in bytes.
  public var byteCount: Int { contents.byteCount }
  /// The format's own metadata: torch's record version, the pickle protocol, the serialization id.
  public var marks: JSONObject { contents.marks }
  /// All tensors, named by their paths from the top of the file.
  ///
  /// Names may occur twice.
  public var tensors: [NamedTensor] { contents.tensors }
  /// Tensors and arrays whose elements have no dtype, each with the reason.
  public var leftOut: [LeftOut] { contents.leftOut }
  /// Notes about the file, in sentences.
  public var notes: [String] { contents.notes.map { $0.shortened(to: 2000) } }
  /// The name of the archive member that was read; nil if the file is the checkpoint itself.
  ///
  /// The names of nested archives and members are joined by slashes.
  public var member: String? { contents.member }
  /// The whole value of a pickled checkpoint; nil for formats that have only named tensors.
  public var value: CheckpointValue? { contents.value }
  /// The origin of the tensors.
  public var provenance: Provenance { contents.provenance }
}

// MARK: - Opening

extension Checkpoint {
  /// Opens a file.
  ///
  /// - Throws: `CheckpointError`, with the position in the file and a remedy.
  public init(contentsOf url: URL, options: CheckpointOptions = .init()) throws(CheckpointError) {
    let path = try FilePath(
      fileURL: url, remedy: "download it first with TorchHub, or give the URL to the pth2swt command")
    try self.init(at: path, options: options)
  }

  /// Opens the file at a path, a folder of several files, or the index of shards.
  ///
  /// - Throws: `CheckpointError`, with the position in the file and a remedy.
  public init(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(at: FilePath(path), options: options)
  }

  /// Opens a checkpoint in memory, such as an upload.
  ///
  /// - Throws: `CheckpointError`.
  public init(_ bytes: some Sequence<UInt8>, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(FileReader.read(ByteStore(copying: bytes), file: "<memory>", options), options: options)
  }

  package init(at path: FilePath, options: CheckpointOptions) throws(CheckpointError) {
    try self.init(FileReader.read(at: path, options), options: options)
  }

  /// Opens a file whose bytes arrive when they are needed.
  package init(arriving store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    do throws(CheckpointError) {
      try self.init(FileReader.read(store, file: file, options), options: options)
    } catch {
      throw store.failure ?? error
    }
    if let failure = store.failure { throw failure }
  }

  /// Opens the shards behind an index, all of whose bytes arrive when they are needed.
  ///
  /// - Parameter shard: Returns the bytes of a file that the index lists.
  package init(
    arrivingIndex store: ByteStore, file: String, options: CheckpointOptions,
    shard: (String) throws(CheckpointError) -> ByteStore
  ) throws(CheckpointError) {
    var members: [String: ArchiveMember] = [:]
    do throws(CheckpointError) {
      for name in try Shards.files(listedBy: store) { members[name] = ArchiveMember(name, in: try shard(name)) }
      let folder = CheckpointFolder(
        path: FilePath(file).folder.description, members: members, unpacking: Unpacking(of: 0, limits: options.limits))
      let contents = try Shards.open(store, index: FilePath(file), in: folder, options.accounting)
      self.init(contents, options: options)
    } catch {
      throw (store.failure ?? Self.failure(of: members) ?? error).located(file: file)
    }
    if let failure = Self.failure(of: members) { throw failure }
  }

  private static func failure(of members: [String: ArchiveMember]) -> CheckpointError? {
    for case .tar(let store, _) in members.values.map(\.contents) { if let failure = store.failure { return failure } }
    return nil
  }

  /// Opens what comes from standard input.
  package init(standardInput options: CheckpointOptions) throws(CheckpointError) {
    let store = try FileReader.standardInput()
    try self.init(FileReader.read(store, file: FileReader.standardInputName, options), options: options)
  }
}

extension Checkpoint {
  /// Calls `body` with the file's bytes as they are, a window at a time.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try unsafe contents.store.forEachWindow(of: 0..<contents.store.count, body)
  }
}
