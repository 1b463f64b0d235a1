import StateDicts

/// A class whose source text is in the file, as torch up to 1.5 wrote whole modules.
///
/// The text is never run.
public struct EmbeddedSource: Sendable, Encodable {
  /// Module and name of the class, joined by a dot.
  public let name: String
  /// The source file that defined the class.
  public let file: String
  /// The text.
  public let text: String
}

extension Checkpoint {
  /// The classes whose source text is in the file.
  public var embeddedSources: [EmbeddedSource] {
    guard case .pickled(let values) = contents.values else { return [] }
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
