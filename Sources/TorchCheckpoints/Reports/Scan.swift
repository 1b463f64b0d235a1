public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A list of all globals in the pickles of a file, with verdicts on what they could do if Python loaded it.
///
///     let scan = try Checkpoint.scan(contentsOf: url)
///     scan.outcome                    // .clean, .unknown, .dangerous, .broken, .notACheckpoint
///     scan.globals                    // each global with a verdict
///
/// The checkpoint is opened like any other, and the whole file is searched: further pickles, all members of an archive,
/// arrays of objects, files in bytes. Nothing is run.
public struct Scan: Sendable {
  /// A global of a pickle.
  public struct Row: Sendable, Encodable {
    /// Module and name, joined by a dot.
    public let name: String
    /// The verdict.
    public let verdict: GlobalUse.Verdict
    /// What the global can do, in words.
    public let meaning: String
  }

  /// The result of a scan, by the worst global.
  public enum Outcome: String, Sendable, Encodable, CaseIterable {
    /// All globals make tensors or hold data, or there are none.
    case clean
    /// Some globals are on no list.
    case unknown
    /// Some globals run code, open files or connections, or load code.
    case dangerous
    /// Something cannot be read, so there may be more globals.
    case broken
    /// Not a checkpoint, and without a pickle.
    case notACheckpoint
  }

  /// The file, as given by the caller.
  public let file: String
  /// The container format; nil if the file could not be opened.
  public let format: CheckpointFormat?
  /// Each global once, in the order of the pickles.
  public let globals: [Row]
  /// The classes whose source text is in the file.
  public let sources: [EmbeddedSource]
  /// The error for a file that could not be read completely; `globals` has what was found before.
  public let error: CheckpointError?
  private let isCheckpoint: Bool

  /// Whether any global can run code.
  public var isDangerous: Bool { has(.dangerous) }

  /// The result of the scan.
  ///
  /// `dangerous` takes precedence over `broken`, and `broken` over `unknown`.
  public var outcome: Outcome {
    if isDangerous { return .dangerous }
    if error != nil { return isCheckpoint ? .broken : .notACheckpoint }
    return has(.unknown) ? .unknown : .clean
  }

  /// Whether any global has a verdict.
  public func has(_ verdict: GlobalUse.Verdict) -> Bool { globals.contains { $0.verdict == verdict } }

  package init(at path: FilePath, options: CheckpointOptions) throws(CheckpointError) {
    let opening = options.allowingAll
    guard let store = try FileReader.bytes(at: path, options) else {
      self = try Checkpoint(at: path, options: opening).scan()
      return
    }
    self.init(store, file: path.description, options: options) { () throws(CheckpointError) in
      try Checkpoint(FileReader.read(store, at: path, opening), options: opening)
    }
  }

  /// Scans what comes from standard input.
  package init(standardInput options: CheckpointOptions) throws(CheckpointError) {
    try self.init(FileReader.standardInput(), file: FileReader.standardInputName, options: options)
  }

  /// Scans one file of a folder; shards and parts of a distributed checkpoint are files too.
  package init(inFolder path: FilePath, options: CheckpointOptions) {
    do throws(CheckpointError) {
      let store = try ByteStore(path: path, options.access)
      self.init(store, file: path.description, options: options)
    } catch {
      self.init(unreadable: path, error)
    }
  }

  /// A file that cannot be opened.
  package init(unreadable path: FilePath, _ error: CheckpointError) {
    file = path.description
    format = nil
    globals = []
    sources = []
    self.error = error
    isCheckpoint = true
  }

  fileprivate init(_ store: ByteStore, file: String, options: CheckpointOptions) {
    self.init(store, file: file, options: options) { () throws(CheckpointError) in
      try Checkpoint(FileReader.read(store, file: file, options.allowingAll), options: options.allowingAll)
    }
  }

  fileprivate init(
    _ store: ByteStore, file: String, options: CheckpointOptions,
    open: () throws(CheckpointError) -> Checkpoint
  ) {
    let sweep = PickleSweep(store, file: file, options: options)
    var uses = sweep.uses
    var error = store.failure ?? sweep.error
    var isCheckpoint = sweep.count > 0 || error != nil
    var checkpoint: Checkpoint?
    do throws(CheckpointError) {
      let opened = try open()
      uses += opened.globals
      isCheckpoint = true
      checkpoint = opened
    } catch let failure {
      let isKnown = (try? FileKind.detect(store)) != nil
      // A text may read as a pickle by chance, which then names nothing.
      // Which of several checkpoints is meant does not matter, nor that an array holds no numbers: all is looked through.
      let isIrrelevant = failure.code == .ambiguousStateDict || failure.code == .unsupported
      isCheckpoint = isCheckpoint && (isKnown || !uses.isEmpty) || isKnown && failure.code != .notACheckpoint
      // A pickle of any value is looked through as well as a checkpoint.
      if failure.code != .notACheckpoint && !isIrrelevant && isKnown || !isCheckpoint { error = error ?? failure }
    }
    self.file = file
    self.error = error.map { $0.located(file: file) }
    self.isCheckpoint = isCheckpoint
    format = checkpoint?.format
    sources = checkpoint?.embeddedSources ?? []
    globals = Self.rows(uses)
  }

  private static func rows(_ uses: [GlobalUse]) -> [Row] {
    // One name may come with two verdicts: a function that is only dangerous where it is handed on.
    let dangerous = Set(uses.filter { $0.verdict == .dangerous }.map(\.name))
    return GlobalUse.each(uses).compactMap { use in
      if use.verdict != .dangerous, dangerous.contains(use.name) { return nil }
      let meaning: String
      switch use.verdict {
      case .known: meaning = "makes tensors or plain values"
      case .inert: meaning = "only holds data"
      case .unknown: meaning = "on no list: a class of your own, or a function whose effect depends on its arguments"
      case .dangerous: meaning = "runs code, opens files or connections, or loads code"
      }
      return Row(name: use.name, verdict: use.verdict, meaning: meaning)
    }
  }
}

extension Checkpoint {
  /// Returns a list of all globals in the pickles of this checkpoint's file.
  ///
  /// To scan a file that is refused for its globals or is broken, use `Checkpoint.scan(contentsOf:)`.
  public func scan() -> Scan {
    Scan(contents.store, file: file, options: options) { () throws(CheckpointError) in self }
  }

  /// Scans a file, or a folder that is a checkpoint.
  ///
  /// - Parameters:
  ///   - url: The URL of the file.
  ///   - options: Options for opening it. Dangerous globals are listed, not refused.
  /// - Throws: `CheckpointError` if the file does not exist or cannot be opened. `Scan.error` has failures inside the
  ///   file.
  public static func scan(contentsOf url: URL, options: CheckpointOptions = .init()) throws(CheckpointError) -> Scan {
    try Scan(at: FilePath(fileURL: url), options: options)
  }

  /// Scans the file at a path, or a folder that is a checkpoint.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - options: Options for opening it. Dangerous globals are listed, not refused.
  /// - Throws: The errors of `scan(contentsOf:)`.
  public static func scan(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) -> Scan {
    try Scan(at: FilePath(path), options: options)
  }

  /// Scans a file in memory.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file.
  ///   - options: Options for opening it. Dangerous globals are listed, not refused.
  public static func scan(_ bytes: some Sequence<UInt8>, options: CheckpointOptions = .init()) -> Scan {
    Scan(ByteStore(copying: bytes), file: "<memory>", options: options)
  }
}

extension CheckpointOptions {
  /// The options for a report, in which dangerous globals are listed instead of refused.
  fileprivate var allowingAll: CheckpointOptions {
    var options = self
    options.allowsDangerousGlobals = true
    return options
  }
}

extension Scan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case file, format, outcome, globals, sources, error
  }

  private struct Failure: Encodable {
    let code: String
    let message: String
    let entry: String?
    let offset: Int?
    let remedy: String?
  }

  /// Encodes the report, with a short form of the error.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encodeIfPresent(format, forKey: .format)
    try container.encode(outcome, forKey: .outcome)
    try container.encode(globals, forKey: .globals)
    try container.encode(sources, forKey: .sources)
    let failure = error.map {
      Failure(code: $0.code.rawValue, message: $0.message, entry: $0.entry, offset: $0.offset, remedy: $0.remedy)
    }
    try container.encodeIfPresent(failure, forKey: .error)
  }
}
