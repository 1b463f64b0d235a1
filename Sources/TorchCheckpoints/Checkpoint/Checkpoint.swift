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
  public typealias Format = CheckpointFormat
  /// A global that the pickle names.
  public typealias GlobalUse = TorchCheckpoints.GlobalUse

  /// What was found in the file.
  let contents: CheckpointContents
  let options: CheckpointOptions
  /// The globals that its pickles name, each once, in order.
  public let globals: [GlobalUse]

  init(_ contents: CheckpointContents, options: CheckpointOptions) {
    self.contents = contents
    self.options = options
    globals = GlobalUse.each(contents.globals)
  }

  /// The container.
  public var format: Format { contents.format }
  /// The file, as given by the caller.
  public var file: String { contents.file }
  /// The file's size.
  public var byteCount: Int { contents.byteCount }
  /// What the format says of itself: torch's record version, the pickle protocol, the serialization id.
  public var marks: [JSONValue.Member] { contents.marks }
  /// Every tensor, by the path to it from the top of the file.
  ///
  /// Two may have one name.
  public var tensors: [NamedTensor] { contents.tensors }
  /// Tensors and arrays of the file that have no type here, each with the reason.
  public var leftOut: [LeftOut] { contents.leftOut }
  /// What a reader should know, in sentences.
  public var notes: [String] { contents.notes }
  /// The name of the archive's member that was read; nil where the file is the checkpoint itself.
  ///
  /// The names of several, each in the one before it, are joined by slashes.
  public var member: String? { contents.member }
  /// The whole value of a pickled checkpoint; nil for formats that hold named tensors and nothing else.
  public var value: CheckpointValue? { contents.value }
  /// Where the tensors come from, to be kept with them.
  public var provenance: Provenance { contents.provenance }
}

// MARK: - Opening

extension Checkpoint {
  /// Opens a file.
  ///
  /// - Throws: `CheckpointError`, with the place in the file and what to do.
  public init(contentsOf url: URL, options: CheckpointOptions = .init()) throws(CheckpointError) {
    let path = try FilePath(
      fileURL: url, remedy: "download it first with TorchHub, or give the URL to the pth2swt command")
    try self.init(at: path, options: options)
  }

  /// Opens a file by its path; also a folder of several files, or the index of one.
  ///
  /// - Throws: `CheckpointError`, with the place in the file and what to do.
  public init(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(at: FilePath(path), options: options)
  }

  /// Opens a checkpoint in memory: an upload, a bundle's resource.
  ///
  /// - Throws: `CheckpointError`.
  public init(_ bytes: some Sequence<UInt8>, options: CheckpointOptions = .init()) throws(CheckpointError) {
    try self.init(FileReader.read(ByteStore(copying: bytes), file: "<memory>", options), options: options)
  }

  package init(at path: FilePath, options: CheckpointOptions) throws(CheckpointError) {
    try self.init(FileReader.read(at: path, options), options: options)
  }

  /// Opens what comes from standard input.
  package init(standardInput options: CheckpointOptions) throws(CheckpointError) {
    let name = "standard input"
    let store: ByteStore
    do throws(CheckpointError) { store = try ByteStore.standardInput() } catch { throw error.located(file: name) }
    try self.init(FileReader.read(store, file: name, options), options: options)
  }
}

extension Checkpoint {
  /// Calls `body` with the file's bytes as they are, a window at a time.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let store = contents.store
    for window in ByteStore.windows(of: 0..<store.count) {
      try unsafe store.withUnsafeBytes { bytes in
        try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[window]))
      }
      store.drop(window)
    }
  }
}
