public import StateDicts

/// What came of holding a state dict against a registry.
///
/// It is data: nothing is read yet, nothing is loaded, nothing is thrown.
///
///     let match = registry.match(weights)
///     match.isExact, match.missing, match.unexpected, match.mismatched
///     let model = try FasterRCNN(configuration, loading: match)
public struct Match: Sendable {
  /// A tensor that found its place.
  public struct Binding: Sendable {
    /// The name in the model.
    public let name: String
    /// The name in the state dict.
    public let source: String
    /// The tensor as the state dict has it.
    public let tensor: Tensor
    /// The tensor as the model gets it: of the type that it computes with, converted when it is read.
    public let converted: Tensor
  }

  /// What was held against the registry.
  public let stateDict: StateDict
  /// What the state dict was held against.
  public package(set) var registry: ParameterRegistry
  /// How it was held against it.
  public let options: MatchOptions
  /// The tensors that found their places, in the registry's order.
  public internal(set) var bound: [Binding] = []
  /// The names that the state dict may have and that are not used.
  public var ignored: [String] { accepted.map(\.source) }
  var accepted: [(name: String, source: String, tensor: Tensor)] = []
  /// The names that were changed: old names of the model's own, and what the key map made; a stripped prefix is not here.
  public internal(set) var renamed: [Renamed] = []
  /// The parameters and buffers that the state dict lacks.
  public internal(set) var missing: [String] = []
  /// The buffers that it lacks because it is older than they are, as torch allows it.
  public internal(set) var omitted: [String] = []
  /// The names of the state dict that the model has not.
  public internal(set) var unexpected: [String] = []
  /// The tensors that have the name and not the form.
  public internal(set) var mismatched: [Mismatch] = []
  /// The names that became one.
  public internal(set) var collisions: [Collision] = []
  /// The tensors whose elements are converted.
  public internal(set) var converted: [Converted] = []
  /// The prefix that the names share, if there is one that the model has not.
  public internal(set) var prefix: CommonPrefix?
  /// The branches of names that hold equally many of the model's names, such as the two encoders of a MoCo checkpoint.
  ///
  /// None of them is stripped by itself; there are none where one prefix holds more than the others.
  public var equalBranches: [CommonPrefix] { branches.count > 1 ? branches : [] }
  package internal(set) var branches: [CommonPrefix] = []
  /// What would make the state dict fit, or fit better.
  public package(set) var fix: Fix?
  /// Renamings that would put left-over names where names are missing, the one that places the most first.
  public internal(set) var suggestedRenamings: [SuggestedRenaming] = []
  /// For missing names that no suggested renaming places, what may be meant by them.
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

  /// Whether every tensor has its place and none is left over.
  public var isExact: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty && collisions.isEmpty }

  /// Whether the model may be loaded: what is missing or left over is allowed by the options; a mismatch never is.
  public var isAcceptable: Bool { isExact || refusals.isExact }

  /// The match without the missing and unexpected names that the options allow.
  var refusals: Match {
    var rest = self
    rest.missing.removeAll { name in options.allowedMissing.contains { $0.matches(name) } }
    rest.unexpected.removeAll { name in options.allowedUnexpected.contains { $0.matches(name) } }
    return rest
  }

  /// Throws the whole report if the model may not be loaded.
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
