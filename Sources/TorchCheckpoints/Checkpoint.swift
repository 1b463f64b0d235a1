#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif
public import StateDicts

/// A checkpoint file, opened: its tensors, what else it holds, and what it says of itself. Nothing of it was run.
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
    case safetensors
    case swt
  }

  /// A global that the pickle names.
  public struct GlobalUse: Sendable, Hashable, Encodable {
    /// What it is to us.
    public enum Verdict: String, Codable, Sendable {
      /// It means something here.
      case known
      /// A record without effect.
      case inert
      /// It exists to run code.
      case dangerous
    }
    /// Module and name, joined by a dot.
    public let name: String
    /// What it is to us.
    public let verdict: Verdict
  }

  /// The container.
  public let format: Format
  /// The file, as it was named to us.
  public let file: String
  /// The file's size.
  public let byteCount: Int
  /// What the format says of itself: torch's record version, the pickle protocol, the serialization id …
  public let marks: [JSONValue.Member]
  /// Every tensor, by the path to it from the top of the file. Two may have one name.
  public let tensors: [NamedTensor]
  /// The globals that the pickle names, each once, in order.
  public let globals: [GlobalUse]
  /// What a reader should know, in sentences.
  public let notes: [String]
  let contents: Contents
  /// The file's bytes.
  let store: ByteStore
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
    try self.init(path: url.path, options: options)
  }

  /// Opens a file by its path.
  ///
  /// - Throws: `CheckpointError`, with the place in the file and what to do.
  public init(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(ByteStore(path: path, mapped: options.mapping == .mapped), file: path, options: options)
  }

  /// Opens a checkpoint in memory: an upload, a bundle's resource.
  ///
  /// - Throws: `CheckpointError`.
  public init(_ bytes: some Sequence<UInt8>, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(ByteStore(copying: bytes), file: "<memory>", options: options)
  }

  private init(_ store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    do throws(CheckpointError) {
      switch try FileKind.detect(store) {
      case .zip: self = try TorchZip.open(store, file: file, options: options)
      case .safetensors: self = try Checkpoint(safetensors: store, file: file, options: options)
      }
    } catch {
      throw error.located(file: file)
    }
  }

  /// Assembles a checkpoint from what a container's reader found.
  init(
    format: Format, file: String, store: ByteStore, marks: [JSONValue.Member], notes: [String], values: TorchValues,
    archive: ZipArchive? = nil, options: CheckpointOptions
  ) throws(CheckpointError) {
    self.format = format
    self.file = file
    self.store = store
    byteCount = store.count
    self.marks = marks
    self.options = options
    tensors = try TensorWalk.tensors(under: values.pickle.root, of: values, .everything, limits: options.limits)
    globals = zip(values.pickle.globals, values.meanings).map { global, meaning in
      let verdict: GlobalUse.Verdict = meaning == .dangerous ? .dangerous : meaning == .inert ? .inert : .known
      return GlobalUse(name: "\(global.module).\(global.name)", verdict: verdict)
    }
    self.notes = notes
    contents = .pickled(values)
    self.archive = archive
  }

  private init(safetensors store: ByteStore, file: String, options: CheckpointOptions) throws(CheckpointError) {
    let stateDict = try StateDict(safetensors: store, file: file, checksOnUse: options.checksCRC)
    format = stateDict.source?.format == "swt" ? .swt : .safetensors
    self.file = file
    self.store = store
    byteCount = store.count
    marks = stateDict.source?.marks ?? []
    self.options = options
    tensors = stateDict.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
    globals = []
    notes = []
    contents = .stateDict(stateDict)
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
