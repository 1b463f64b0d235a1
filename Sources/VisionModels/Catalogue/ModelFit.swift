public import ModelParameters
public import StateDicts

/// Weights matched with a model of the catalogue: the model, its number of classes, and the match.
///
///     let fit = try ModelFit(loadStateDict(url: url))               // all of it inferred from the weights
///     print(fit.model.name, fit.model.classCount ?? 0, fit.match.isExact)
///     let detector = try Detector(fit)
///
/// All commands and initializers that take weights use it, so they find the same model. Names may have a prefix
/// (`module.`, `_orig_mod.`, `detector.`, or several).
public struct ModelFit: Sendable {
  /// The model, with the number of classes of the weights, or the one requested.
  public let model: VisionModel
  /// The match of weights and model, which may not be acceptable; loading then throws its report.
  public private(set) var match: Match
  /// What the classes were counted by; nil where their number was asked for, or is torchvision's own.
  private let classifier: (name: String, shape: [Int])?

  /// Matches weights with a model.
  ///
  /// - Parameters:
  ///   - weights: The state dict.
  ///   - name: torchvision's name of the model, such as `resnet50` (default: inferred from the weights).
  ///   - classCount: The number of classes, including a detector's background (default: inferred).
  ///   - normLayer: The normalization (default: frozen for detectors and backbones, plain for classifiers).
  ///   - eps: The eps of the normalizations (default: see `VisionModel.eps(for:)`).
  ///   - trainableLayers: The number of ResNet stages that train (default: see
  ///     `VisionModel.registry(trainableLayers:)`).
  ///   - freezing: A further rule for freezing parameters.
  ///   - options: Renamings, and which names may be missing or unexpected.
  /// - Throws: `unknownModel` and `outOfRange`; `VisionError` `configuration` if no model was given and none matches.
  /// - Complexity: O(n) for each model that is tried, where n is the total length of all names in bytes.
  public init(
    _ weights: StateDict, as name: VisionModel.Name? = nil, classCount: Int? = nil, normLayer: NormLayer.Kind? = nil,
    eps: Float? = nil, trainableLayers: Int? = nil, freezing: FreezeRule = FreezeRule(),
    options: MatchOptions = MatchOptions()
  ) throws {
    let search = ModelSearch(
      weights: weights, classCount: classCount, normLayer: normLayer,
      eps: eps ?? VisionModel.eps(for: weights), options: options)
    self = if let name { try search.explainedFit(of: name) } else { try search.fitOfAnyModel() }
    match.registry = try model.registry(trainableLayers: trainableLayers).freezing(freezing)
  }

  /// A fit that was found.
  init(_ model: VisionModel, _ match: Match, countedBy classifier: (name: String, shape: [Int])? = nil) {
    self.model = model
    self.match = match
    self.classifier = classifier
  }

  /// Returns the fit with suggestions and a fix.
  func explained(fix: (Match) throws -> Match.Fix?) rethrows -> ModelFit {
    var fit = self
    fit.match.explain()
    if let better = try fix(fit.match) { fit.match.fix = better }
    return fit
  }
}

extension ModelFit: CustomStringConvertible {
  /// The report as printed by `match`, with the first ten names of each list.
  public var description: String { text(listing: 10) }

  /// Returns the report: the fix, the result, then the names that do not match.
  ///
  /// - Parameter limit: The largest number of lines of each list; nil for all.
  public func text(listing limit: Int? = nil) -> String { lines(listing: limit).joined(separator: "\n") }

  /// The lines of the text; a name in one may have line feeds of its own.
  package func lines(listing limit: Int?) -> [String] {
    var name = model.name.rawValue
    if let count = model.classCount { name += " with \(count) class\(count == 1 ? "" : "es")" }
    if let classifier {
      name += " (inferred: --num-classes \(classifier.shape[0]), because \(classifier.name) is \(classifier.shape))"
    }
    return match.lines(listing: limit, model: name)
  }
}

extension ModelFit: Encodable {
  private enum Key: String, CodingKey {
    case name
    case classCount = "num_classes"
  }

  /// Encodes the match with the name of the model and its number of classes.
  public func encode(to encoder: any Encoder) throws {
    try match.encode(to: encoder)
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(model.name, forKey: .name)
    try object.encodeIfPresent(model.classCount, forKey: .classCount)
  }
}
