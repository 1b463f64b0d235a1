public import StateDicts

/// The result of matching a state dict with a registry.
///
/// A match is data: matching reads no tensors, loads nothing and does not throw.
///
///     let match = registry.match(weights)
///     match.isExact, match.missing, match.unexpected, match.mismatched
///     let model = try FasterRCNN(configuration, loading: match)
public struct Match: Sendable {
  /// A tensor that matches.
  public struct Binding: Sendable {
    /// The name in the model.
    public let name: String
    /// The name in the state dict.
    public let source: String
    /// The tensor in the state dict.
    public let tensor: Tensor
    /// The tensor with the model's dtype, converted when it is read.
    public let converted: Tensor
  }

  /// The state dict.
  public let stateDict: StateDict
  /// The registry.
  public package(set) var registry: ParameterRegistry
  /// The options of the match.
  public let options: MatchOptions
  /// The tensors that match, in the order of the registry.
  public internal(set) var bound: [Binding] = []
  /// The names that are accepted but not used.
  public var ignored: [String] { accepted.map(\.source) }
  var accepted: [(name: String, source: String, tensor: Tensor)] = []
  /// The names that were mapped, from older names of the model or by the key map, not by stripping a prefix.
  public internal(set) var renamed: [Renamed] = []
  /// The parameters and buffers that are missing from the state dict.
  public internal(set) var missing: [String] = []
  /// The buffers that are missing because the state dict is older than they are, which torch allows.
  public internal(set) var omitted: [String] = []
  /// The names in the state dict that the model does not have.
  public internal(set) var unexpected: [String] = []
  /// The tensors whose name matches but whose shape or type does not.
  public internal(set) var mismatched: [Mismatch] = []
  /// The names that became equal.
  public internal(set) var collisions: [Collision] = []
  /// The tensors that are converted on loading.
  public internal(set) var converted: [Converted] = []
  /// The prefix that the names share and the model does not have, if there is one.
  public internal(set) var prefix: CommonPrefix?
  /// The branches with equally many of the model's names, such as the two encoders of a MoCo checkpoint.
  ///
  /// None of them is stripped automatically. Empty if one branch has more names than the others.
  public var equalBranches: [CommonPrefix] { branches.count > 1 ? branches : [] }
  package internal(set) var branches: [CommonPrefix] = []
  /// Options that would make the state dict match, or match better.
  public package(set) var fix: Fix?
  /// Renamings that would map unexpected names to missing ones, beginning with the one that maps the most.
  public internal(set) var suggestedRenamings: [SuggestedRenaming] = []
  /// Similar names for missing names that no suggested renaming provides.
  public internal(set) var nearNames: [NearName] = []
  /// How many bytes of names were looked at on the way, by which tests know that this grows with the names.
  package internal(set) var work = 0

  /// The name in the state dict of what has a name of the model, whether its form fits or not.
  package func source(of name: String) -> String? {
    bound.first { $0.name == name }?.source ?? mismatched.first { $0.name == name }?.source
  }

  init(_ stateDict: StateDict, against registry: ParameterRegistry, options: MatchOptions) {
    self.stateDict = stateDict
    self.registry = registry
    self.options = options
  }

  /// Whether all names, shapes and types match.
  public var isExact: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty && collisions.isEmpty }

  /// Whether the model can be loaded: all missing and unexpected names are allowed by the options, and nothing
  /// mismatches.
  public var isAcceptable: Bool { isExact || refusals.isExact }

  /// The match without the missing and unexpected names that the options allow.
  var refusals: Match {
    var rest = self
    rest.missing.removeAll { name in options.allowedMissing.contains { $0.matches(name) } }
    rest.unexpected.removeAll { name in options.allowedUnexpected.contains { $0.matches(name) } }
    return rest
  }

  /// Throws the whole report if the model cannot be loaded.
  ///
  /// - Throws: `MatchError`.
  public func validate() throws(MatchError) {
    guard isExact else {
      let rest = refusals
      guard rest.isExact else { throw MatchError(match: rest) }
      return
    }
  }
}

extension Match {
  /// Returns the state dict with the model's names and in its order.
  ///
  /// Ignored tensors are in their places, unexpected ones at the end.
  ///
  /// - Parameter isConverting: Whether to convert tensors to the model's dtypes.
  /// - Throws: `nameCollision` if an unexpected name is one of the model's.
  public func arranged(converting isConverting: Bool = false) throws(CheckpointError) -> StateDict {
    var elements: [StateDict.Replacement] = []
    elements.reserveCapacity(stateDict.count)
    for (name, source, tensor) in arrangement(converting: isConverting) {
      if let position = stateDict.position(of: source) { elements.append((name, tensor, position)) }
    }
    return try stateDict.replacingElements(
      with: elements, leavingOut: "the model has no such tensor", renaming: modelName(of:))
  }

  /// The tensors in the model's order, with their names here and there.
  package func arrangement(converting isConverting: Bool = false) -> [(name: String, source: String, tensor: Tensor)] {
    var elements: [(name: String, source: String, tensor: Tensor)] = []
    elements.reserveCapacity(stateDict.count)
    var bound = bound[...]
    var accepted = accepted[...]
    for spec in registry.specs {
      if bound.first?.name == spec.name, let binding = bound.popFirst() {
        elements.append((spec.name, binding.source, isConverting ? binding.converted : binding.tensor))
      } else if accepted.first?.name == spec.name, let next = accepted.popFirst() {
        elements.append((spec.name, next.source, next.tensor))
      }
    }
    for name in unexpected { if let tensor = stateDict[name] { elements.append((name, name, tensor)) } }
    return elements
  }

  /// What a name of the state dict becomes: renamed, and without the prefix if it was stripped.
  private func modelName(of name: String) -> String {
    let name = options.renaming.apply(to: name)
    return prefix.flatMap { $0.isStripped ? $0.stripping(name) : nil } ?? name
  }
}

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
