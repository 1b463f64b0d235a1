public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A checkpoint file, opened: its tensors, what else it holds, and what it says of itself.
///
/// Nothing of it was run.
///
///     let checkpoint = try Checkpoint(contentsOf: url)
///     checkpoint.tensors                              // every tensor, by the path to it
///     checkpoint.value?["epoch"]                      // the other values
///     let weights = try checkpoint.stateDict()        // the state dict, found or named: stateDict(key: "ema")
///
/// Opening reads the pickle and checks all geometry; a tensor's bytes are read when they are asked for.
public struct Checkpoint: Sendable {
  /// The container that a checkpoint came in.
  public enum Format: String, Sendable {
    case zip = "torch zip"
    /// Torch 0.1.10 to 1.5.
    case legacy = "torch legacy"
    /// Torch 0.1.9 and before.
    case tar = "torch tar"
    case torchscript
    /// A pickle by itself.
    case pickle
    /// Several files behind an index, as Hugging Face's libraries write them.
    case shards
    /// A folder of torch.distributed.checkpoint.
    case distributed = "torch distributed"
    /// A program that torch.export saved.
    case exported = "torch export"
    case npy
    case npz
    case safetensors
    case swt
  }

  /// A global that the pickle names.
  public struct GlobalUse: Sendable, Hashable, Encodable {
    /// What a global could do to a Python that loads the file.
    public enum Verdict: String, Codable, Sendable, CaseIterable {
      /// Makes tensors or plain values, and is read as such here.
      case known
      /// A class that only holds data, from a closed list; kept as a record.
      case inert
      /// Not on any list: a user's own class, or a function whose effect depends on its arguments; kept as a record.
      case unknown
      /// Runs code, opens files or the network, or loads code.
      case dangerous
    }
    /// Module and name, joined by a dot.
    public let name: String
    /// What it is to us.
    public let verdict: Verdict

    /// Each once, at its first place.
    static func each(_ uses: [GlobalUse]) -> [GlobalUse] {
      var seen = Set<GlobalUse>()
      return uses.filter { seen.insert($0).inserted }
    }
  }

  /// The container.
  public let format: Format
  /// The file, as it was named to us.
  public internal(set) var file: String
  /// The file's size.
  public internal(set) var byteCount: Int
  /// What the format says of itself: torch's record version, the pickle protocol, the serialization id.
  public internal(set) var marks: [JSONValue.Member]
  /// Every tensor, by the path to it from the top of the file.
  ///
  /// Two may have one name.
  public let tensors: [NamedTensor]
  /// The globals that its pickles name, each once, in order.
  public internal(set) var globals: [GlobalUse]
  /// Tensors and arrays of the file that have no type here, each with the reason.
  public let leftOut: [LeftOut]
  /// What a reader should know, in sentences.
  public internal(set) var notes: [String]
  var contents: Contents
  /// Whether the state dict at the top has just these tensors.
  let isPlain: Bool
  /// The file's bytes.
  var store: ByteStore
  /// The name of the archive's member that was read; nil where the file is the checkpoint itself.
  ///
  /// The names of several, each in the one before it, are joined by slashes.
  public internal(set) var member: String?
  /// The members of archives that it was read from.
  var outerMembers: [ArchiveMember] = []
  /// The archive that the records lie in, to be verified in whole.
  let archive: ZipArchive?
  let options: CheckpointOptions

  enum Contents: Sendable {
    case pickled(TorchValues)
    case stateDict(StateDict)
  }

  /// Opens a file.
  ///
  /// - Throws: `CheckpointError`, with the place in the file and what to do.
  public init(contentsOf url: URL, options: CheckpointOptions = .init()) throws(CheckpointError) {
    guard url.isFileURL else {
      throw CheckpointError(
        .notFound, "This is no file's URL.", file: url.absoluteString,
        remedy: "download it first: the module TorchHub does, and the pth2swt command takes such URLs")
    }
    try self.init(at: FilePath(url), options: options)
  }

  /// Opens a file by its path; also a folder of several files, or the index of one.
  ///
  /// - Throws: `CheckpointError`, with the place in the file and what to do.
  public init(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(at: FilePath(path), options: options)
  }

  package init(at path: FilePath, options: CheckpointOptions) throws(CheckpointError) {
    let store: ByteStore
    do throws(CheckpointError) {
      store = try ByteStore(path: path, mapped: options.mapping == .mapped)
    } catch  where error.code == .isDirectory {
      self = try CheckpointFolder(path: path).open(options: options)
      return
    }
    try self.init(index: store, at: path, options: options)
  }

  /// Opens what comes from standard input.
  package init(standardInput options: CheckpointOptions) throws(CheckpointError) {
    let name = "standard input"
    let store: ByteStore
    do throws(CheckpointError) { store = try ByteStore.standardInput() } catch { throw error.located(file: name) }
    try self.init(store, file: name, options: options)
  }

  /// A file that may be an index of others beside it.
  init(index store: ByteStore, at path: FilePath, options: CheckpointOptions) throws(CheckpointError) {
    guard Shards.isIndex(store) else {
      try self.init(store, file: path.description, options: options)
      return
    }
    do throws(CheckpointError) {
      self = try Shards.open(store, index: path, options: options)
    } catch {
      throw error.located(file: path.description)
    }
  }

  /// Opens a checkpoint in memory: an upload, a bundle's resource.
  ///
  /// - Throws: `CheckpointError`.
  public init(_ bytes: some Sequence<UInt8>, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(ByteStore(copying: bytes), file: "<memory>", options: options)
  }

  /// One file by itself, which refers to no other.
  init(_ store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    do throws(CheckpointError) {
      switch try FileKind.detect(store) {
      case .zip:
        let (archive, early) = concurrently(
          {
            Result { () throws(CheckpointError) in
              try ZipArchive(store, file: file, locates: options.locatesEntries)
            }
          },
          { EarlyPickle(store, options: options) })
        self = try Checkpoint(archive.get(), early, file: file, options: options)
      case .legacy: self = try TorchLegacy.open(store, file: file, options: options)
      case .tar: self = try TorchTar.open(store, file: file, options: options)
      case .gzip: self = try Checkpoint(gzip: store, file: file, options: options)
      case .npy: self = try NumpyFiles.open(npy: store, file: file, options: options)
      case .json:
        throw ForeignFormat.json(store)
      case .safetensors: self = try Checkpoint(safetensors: store, file: file, options: options)
      }
      try requireMember(options)
    } catch {
      throw error.located(file: file)
    }
  }

  /// What a zip archive holds, told by its members.
  private init(
    _ archive: ZipArchive, _ early: EarlyPickle?, file: String, options: CheckpointOptions
  ) throws(CheckpointError) {
    if let pickle = TorchZip.pickle(of: archive) {
      self = try TorchZip.open(archive, pickle, early, file: file, options: options)
    } else if let program = try ExportedProgram.open(archive, file: file, options: options) {
      self = program
    } else if let model = ScriptModel.entry(of: archive) {
      self = try ScriptModel.open(archive, model, file: file, options: options)
    } else if archive.entries.contains(where: { $0.name.hasSuffix(".npy") }) {
      self = try NumpyFiles.open(npz: archive, file: file, options: options)
    } else {
      self = try WrappedFiles(archive, file: file).open(options)
    }
  }

  /// Assembles a checkpoint of a format that holds named tensors and no other values.
  init(
    format: Format, file: String, store: ByteStore, byteCount: Int? = nil, tensors: [NamedTensor],
    marks: [JSONValue.Member] = [], notes: [String] = [], otherValues: [JSONValue.Member] = [],
    leftOut: [LeftOut] = [], globals: [GlobalUse] = [], archive: ZipArchive? = nil, options: CheckpointOptions
  ) throws(CheckpointError) {
    var stateDict = try StateDict(
      tensors.lazy.map { ($0.key, $0.tensor) }, originalNames: tensors.map(\.name), metadata: StateDict.Metadata())
    stateDict.metadata.otherValues = otherValues
    stateDict.metadata.leftOut = leftOut
    self.leftOut = leftOut
    self.format = format
    self.file = file
    self.store = store
    self.byteCount = byteCount ?? store.count
    self.marks = marks
    self.notes = notes
    self.tensors = tensors
    self.options = options
    self.archive = archive
    self.globals = GlobalUse.each(globals)
    stateDict.metadata.source = Provenance(
      name: file.split(separator: "/").last.map(String.init) ?? file, byteCount: self.byteCount,
      format: format.rawValue,
      marks: marks)
    contents = .stateDict(stateDict)
    isPlain = true
  }

  /// Assembles a checkpoint from what a container's reader found.
  init(
    format: Format, file: String, store: ByteStore, byteCount: Int? = nil, marks: [JSONValue.Member], notes: [String],
    values: TorchValues,
    constants: [NamedTensor] = [], otherGlobals: [GlobalUse] = [], archive: ZipArchive? = nil,
    options: CheckpointOptions
  ) throws(CheckpointError) {
    self.format = format
    self.file = file
    self.store = store
    self.byteCount = byteCount ?? store.count
    self.marks = marks
    self.options = options
    let (found, leftOut, isPlain) = try TensorWalk.tensors(
      under: values.pickle.root, of: values, .everything, limits: options.limits)
    tensors = constants.isEmpty ? found : found + constants
    self.isPlain = isPlain && constants.isEmpty
    globals = GlobalUse.each(values.globals + otherGlobals)
    self.notes = notes + values.notes
    self.leftOut = leftOut
    contents = .pickled(values)
    self.archive = archive
  }

  private init(safetensors store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    let stateDict = try StateDict(safetensors: store, file: file, checksOnUse: options.checksCRC)
    format = stateDict.metadata.source?.format == "swt" ? .swt : .safetensors
    self.file = file
    self.store = store
    byteCount = store.count
    marks = stateDict.metadata.source?.marks ?? []
    self.options = options
    tensors = stateDict.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
    globals = []
    notes = []
    leftOut = stateDict.metadata.leftOut
    contents = .stateDict(stateDict)
    isPlain = true
    archive = nil
  }

  /// The whole value of a pickled checkpoint; nil for formats that hold named tensors and nothing else.
  public var value: CheckpointValue? {
    if case .pickled(let values) = contents { CheckpointValue(values: values, id: values.pickle.root) } else { nil }
  }
}

extension Checkpoint {
  /// Calls `body` with the file's bytes as they are, a window at a time.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let step = Tensor.windowByteCount
    for start in stride(from: 0, to: store.count, by: step) {
      let window = start..<min(start + step, store.count)
      try unsafe store.withUnsafeBytes { bytes in
        try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[window]))
      }
      store.drop(window)
    }
  }
}
