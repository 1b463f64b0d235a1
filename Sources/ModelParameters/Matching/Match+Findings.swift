public import StateDicts

extension Match {
  /// A tensor whose name matches but whose shape or type does not.
  public struct Mismatch: Hashable, Sendable {
    /// The reason of the mismatch.
    public enum Reason: String, Codable, Sendable {
      /// The sizes differ.
      case shape
      /// The dtype cannot be converted, or conversion is not allowed.
      case dtype
      /// The tensor is composite (sparse, quantized, nested), but a plain one is needed.
      case kind
    }

    /// The name in the model.
    public let name: String
    /// The name in the state dict.
    public let source: String
    /// The reason of the mismatch.
    public let reason: Reason
    /// The shape in the model.
    public let expected: [Int]
    /// The shape in the state dict.
    public let found: [Int]
    /// The dtype in the model; nil for any.
    public let expectedType: ElementType?
    /// The dtype in the state dict.
    public let foundType: ElementType
    /// The permutation of axes that gives the expected shape, if the tensor is probably transposed: [1, 0] for a
    /// matrix.
    public let likelyPermutation: [Int]?
  }

  /// A name that was mapped to another.
  public struct Renamed: Hashable, Codable, Sendable {
    /// The name in the state dict.
    public let from: String
    /// The name in the model.
    public let to: String

    /// Creates a record.
    public init(from: String, to: String) {
      self.from = from
      self.to = to
    }
  }

  /// A tensor that is converted on loading.
  public struct Converted: Hashable, Codable, Sendable {
    /// The name in the model.
    public let name: String
    /// The dtype in the state dict.
    public let from: ElementType
    /// The dtype after conversion.
    public let to: ElementType

    /// Creates a record.
    public init(name: String, from: ElementType, to: ElementType) {
      self.name = name
      self.from = from
      self.to = to
    }
  }

  /// Several names that became equal, so the match is ambiguous.
  public struct Collision: Hashable, Codable, Sendable {
    /// The common name.
    public let name: String
    /// The names in the state dict.
    public let from: [String]
    /// The renamings that made them equal; empty if a stripped prefix did.
    public let rules: [KeyMap.Renaming]

    /// Creates a record.
    public init(name: String, from: [String], rules: [KeyMap.Renaming] = []) {
      self.name = name
      self.from = from
      self.rules = rules
    }
  }

  /// A missing name with similar names in the state dict.
  public struct NearName: Hashable, Codable, Sendable {
    /// The name in the model.
    public let missing: String
    /// The most similar unexpected names, the best first.
    public let candidates: [String]

    /// Creates a record.
    public init(missing: String, candidates: [String]) {
      self.missing = missing
      self.candidates = candidates
    }
  }
}
