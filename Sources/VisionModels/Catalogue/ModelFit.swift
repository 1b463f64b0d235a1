public import ModelParameters
public import StateDicts

/// Weights held against a model of the catalogue: which model they are of, how many classes it has, and what fits.
///
///     let fit = try ModelFit(loadStateDict(url: url))               // all of it inferred from the weights
///     print(fit.model.name, fit.model.classCount ?? 0, fit.match.isExact)
///     let detector = try Detector(fit)
///
/// Every command and every initializer that takes weights asks here, so that all of them find the same model. The names
/// may have a prefix (`module.`, `_orig_mod.`, `detector.`, or several): the classes are counted behind it.
public struct ModelFit: Sendable {
  /// The model, with as many classes as the weights have, or as were asked for.
  public let model: VisionModel
  /// What of the weights fits the model; it need not be acceptable: what loads a model throws its report.
  public private(set) var match: Match
  /// What the classes were counted by; nil where their number was asked for, or is torchvision's own.
  private let classifier: (name: String, shape: [Int])?

  /// Holds weights against a model.
  ///
  /// - Parameters:
  ///   - weights: The state dict.
  ///   - name: torchvision's name of the model, such as `resnet50` (default: inferred from the weights).
  ///   - classCount: The number of classes, the background among them for a detector (default: inferred).
  ///   - normLayer: The normalization (default: frozen for detectors and backbones, plain for classifiers).
  ///   - epsilon: The normalizations' epsilon (default: see `VisionModel.epsilon(for:)`).
  ///   - trainableLayers: How many stages of the ResNet train (default: see `VisionModel.registry(trainableLayers:)`).
  ///   - freezing: What is frozen or trained besides.
  ///   - options: How names are changed first, and what may be missing or left over.
  /// - Throws: `unknownModel` and `outOfRange`; `VisionError` `configuration` if no model was named and none matches.
  /// - Complexity: O(bytes of all names), for each model that is tried.
  public init(
    _ weights: StateDict, as name: String? = nil, classCount: Int? = nil, normLayer: NormLayer.Kind? = nil,
    epsilon: Float? = nil, trainableLayers: Int? = nil, freezing: FreezeRule = FreezeRule(),
    options: MatchOptions = MatchOptions()
  ) throws {
    let search = ModelSearch(
      weights: weights, classCount: classCount, normLayer: normLayer,
      epsilon: epsilon ?? VisionModel.epsilon(for: weights), options: options)
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
  /// The report as `match` prints it, with the first ten names of each list.
  public var description: String { text(listing: 10) }

  /// The report, ordered by use: what would make the weights fit, what fits which model, then what does not.
  ///
  /// - Parameter limit: How many lines of each list are shown; nil for all.
  public func text(listing limit: Int? = nil) -> String { lines(listing: limit).joined(separator: "\n") }

  /// The lines of the text; a name in one may have line feeds of its own.
  package func lines(listing limit: Int?) -> [String] {
    var name = model.name
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

  /// Writes the match's report, and which model of the catalogue it is, with how many classes.
  public func encode(to encoder: any Encoder) throws {
    try match.encode(to: encoder)
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(model.name, forKey: .name)
    try object.encodeIfPresent(model.classCount, forKey: .classCount)
  }
}
