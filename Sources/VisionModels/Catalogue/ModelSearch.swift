import ModelParameters
import StateDicts

/// Finds the model that weights are of, and how many classes it has.
struct ModelSearch {
  let weights: StateDict
  /// nil: counted in the weights.
  var classCount: Int?
  let normLayer: NormLayer.Kind?
  let eps: Float
  let options: MatchOptions

  /// The fit of one model, its classes counted unless their number was asked for.
  func fit(of name: VisionModel.Name) throws(ParameterError) -> ModelFit {
    let model = try model(name, classCount)
    let match = try model.registry().match(unexplained: weights, options: options)
    guard classCount == nil, !match.isExact, let classifier = try classifier(of: model, match),
      classifier.shape[0] != model.classCount
    else { return ModelFit(model, match) }
    let counted = try self.model(name, classifier.shape[0])
    return ModelFit(
      counted, try counted.registry().match(unexplained: weights, options: options), countedBy: classifier)
  }

  /// The fit of one model, with what may help where something does not fit.
  func explainedFit(of name: VisionModel.Name) throws -> ModelFit {
    let fit = try fit(of: name)
    if fit.match.isAcceptable { return fit.explained { _ in nil } }
    return try fit.explained { match in try classCountFix(fit.model, match) ?? otherModelFix() }
  }

  /// The fit of the model that weights are of.
  ///
  /// - Throws: `VisionError` `configuration` if no model of the catalogue matches.
  func fitOfAnyModel() throws -> ModelFit {
    if let fit = try bestFit() { return fit.explained { _ in nil } }
    let nearest = try nearestName()
    throw VisionError(
      .configuration, "No known model matches these weights.",
      remedy: nearest.map { "run pth2swt match FILE --model \($0) to see the differences from the closest model" }
        ?? "compare with a model by pth2swt match --model NAME; pth2swt registry lists the models")
  }

  /// The model that weights fit exactly, else the one that as many of them as possible fit as the options allow.
  private func bestFit() throws(ParameterError) -> ModelFit? {
    var best: ModelFit?
    for known in VisionModel.all where known.mayFit(weights, options) {
      let fit = try fit(of: known.name)
      if fit.match.isExact { return fit }
      if fit.match.isAcceptable, fit.match.bound.count > best?.match.bound.count ?? 0 { best = fit }
    }
    return best
  }

  /// The model of which the most tensors are there, if those are most of it.
  private func nearestName() throws(ParameterError) -> VisionModel.Name? {
    // No model of the catalogue has nearly as many names, and the weights are held against each of them.
    guard weights.count <= 10_000 else { return nil }
    var best: (name: VisionModel.Name, count: Int)?
    for known in VisionModel.all {
      let match = try fit(of: known.name).match
      let count = max(match.bound.count, match.branches.first?.boundCount ?? 0)
      if count * 2 > match.registry.held.count, count > best?.count ?? 0 { best = (known.name, count) }
    }
    return best?.name
  }

  private func model(_ name: VisionModel.Name, _ classCount: Int?) throws(ParameterError) -> VisionModel {
    let usual = try VisionModel(named: name).configuration.normLayer.kind
    return try VisionModel(
      named: name, classCount: classCount, normLayer: NormLayer(normLayer ?? usual, eps: eps))
  }

  /// The classifier in the weights, also searched for behind a prefix.
  private func classifier(of model: VisionModel, _ match: Match) throws(ParameterError) -> (name: String, shape: [Int])?
  {
    guard options.prefix == .ifExact, match.prefix?.isStripped == false else { return model.classifier(in: match) }
    var stripping = options
    stripping.prefix = .strip
    return model.classifier(in: try model.registry().match(unexplained: weights, options: stripping))
  }

  /// Another number of classes than was asked for, if the weights have it.
  private func classCountFix(_ model: VisionModel, _ match: Match) throws(ParameterError) -> Match.Fix? {
    guard let classCount, let classifier = try classifier(of: model, match), classifier.shape[0] != classCount else {
      return nil
    }
    let arguments = ["--num-classes", "\(classifier.shape[0])"]
    let reason = "because \(classifier.name) is \(classifier.shape)"
    let next = try self.model(model.name, classifier.shape[0]).registry().match(weights, options: options)
    return next.fix?.preceded(by: arguments, because: reason) ?? Match.Fix(arguments, because: reason, leadingTo: next)
  }

  /// Another model than was asked for, if the weights are of one.
  private func otherModelFix() throws(ParameterError) -> Match.Fix? {
    var search = self
    search.classCount = nil
    guard let fit = try search.bestFit(), fit.match.isExact || options.allowedUnexpected.isEmpty else { return nil }
    return Match.Fix(
      ["--model", fit.model.name.rawValue], because: "the model that matches these weights", leadingTo: fit.match)
  }
}
