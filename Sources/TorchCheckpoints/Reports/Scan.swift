public import StateDicts

/// Every global that a checkpoint's pickle names, with what it means here and what it could do to a Python that imports it.
///
///     let scan = try Scan(path: "model.pth")
///     scan.isDangerous, scan.globals
public struct Scan: Sendable, Encodable {
  /// A global of the pickle.
  public struct Row: Sendable, Encodable {
    /// Module and name, joined by a dot.
    public let name: String
    /// What it is to us.
    public let verdict: Checkpoint.GlobalUse.Verdict
    /// The same in words.
    public let meaning: String
  }

  /// The file, as it was named to us.
  public let file: String
  /// The container.
  public let format: String
  /// Each global once, in the order of the pickle.
  public let globals: [Row]
  /// Classes that the file carries the source text of.
  public let sources: [EmbeddedSource]

  /// Whether any global exists to run code.
  public var isDangerous: Bool { globals.contains { $0.verdict == .dangerous } }

  /// Opens a file to list its globals; nothing is run, and nothing refused for what it names.
  ///
  /// - Throws: `CheckpointError` for a file that is broken.
  public init(path: String, options: CheckpointOptions = .init()) throws(CheckpointError) {
    var options = options
    options.allowsDangerousGlobals = true
    self.init(of: try Checkpoint(path: path, options: options))
  }

  /// Lists the globals of a checkpoint that is open.
  public init(of checkpoint: Checkpoint) {
    file = checkpoint.file
    format = checkpoint.format.rawValue
    sources = checkpoint.embeddedSources
    globals = checkpoint.globals.map { use in
      let meaning: String
      switch use.verdict {
      case .known: meaning = "a part of torch or numpy, read as data"
      case .inert: meaning = "kept as a record without effect"
      case .dangerous: meaning = "exists to run code, open files or reach the network"
      }
      return Row(name: use.name, verdict: use.verdict, meaning: meaning)
    }
  }
}

/// A class whose source text stands in the file, as torch up to 1.5 wrote whole modules.
///
/// It is text here, and never run.
public struct EmbeddedSource: Sendable, Encodable {
  /// Module and name of the class, joined by a dot.
  public let name: String
  /// The file that it was defined in.
  public let file: String
  /// The text.
  public let text: String
}

extension Checkpoint {
  /// The classes that the file carries the source text of.
  public var embeddedSources: [EmbeddedSource] {
    guard case .pickled(let values) = contents else { return [] }
    let pickle = values.pickle
    return pickle.persistentIDs.indices.compactMap { number in
      guard case .sourcedClass(let sourced) = values.storages[number], let text = pickle.text(at: sourced.text) else {
        return nil
      }
      return EmbeddedSource(
        name: pickle.global(at: sourced.id)?.qualifiedName ?? "object", file: pickle.text(at: sourced.file) ?? "",
        text: text)
    }
  }
}
