public import StateDicts

extension Match {
  /// A tensor that has the name and not the form.
  public struct Mismatch: Hashable, Sendable {
    /// What is not as it should be.
    public enum Reason: String, Codable, Sendable {
      /// The sizes differ.
      case shape
      /// The elements are of a type that cannot be converted, or may not be.
      case dtype
      /// The tensor is put together from others (sparse, quantized, nested), where a plain one is needed.
      case kind
    }

    /// The name in the model.
    public let name: String
    /// The name in the state dict.
    public let source: String
    /// What is not as it should be.
    public let reason: Reason
    /// The shape that the model declares.
    public let expected: [Int]
    /// The shape that the state dict has.
    public let found: [Int]
    /// The type that the model declares.
    public let expectedType: ElementType?
    /// The type that the state dict has.
    public let foundType: ElementType
    /// The order of the found axes that gives the expected shape, if it is likely only transposed: [1, 0] for a matrix.
    public let likelyPermutation: [Int]?
  }

  /// A name that stands for another one.
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

  /// A tensor whose elements are converted on loading.
  public struct Converted: Hashable, Codable, Sendable {
    /// The name in the model.
    public let name: String
    /// The type in the state dict.
    public let from: ElementType
    /// The type that the model gets.
    public let to: ElementType

    /// Creates a record.
    public init(name: String, from: ElementType, to: ElementType) {
      self.name = name
      self.from = from
      self.to = to
    }
  }

  /// Names that became one, so that it is not known which is meant.
  public struct Collision: Hashable, Codable, Sendable {
    /// The name that they became.
    public let name: String
    /// The names in the state dict.
    public let from: [String]
    /// The renamings that made them one; empty where a stripped prefix did.
    public let rules: [KeyMap.Renaming]

    /// Creates a record.
    public init(name: String, from: [String], rules: [KeyMap.Renaming] = []) {
      self.name = name
      self.from = from
      self.rules = rules
    }
  }

  /// A missing name and what in the state dict may be meant by it.
  public struct NearName: Hashable, Codable, Sendable {
    /// The name in the model.
    public let missing: String
    /// The unexpected names that look most like it, the likeliest first.
    public let candidates: [String]

    /// Creates a record.
    public init(missing: String, candidates: [String]) {
      self.missing = missing
      self.candidates = candidates
    }
  }
}
