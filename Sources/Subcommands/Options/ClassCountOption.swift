package import ArgumentParser
import VisionModels

/// How many classes a model has.
package struct ClassCountOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of classes, for a detector with the background (default: inferred from the weights, if there are any).",
      valueName: "n"))
  package var numClasses: Int?

  package init() {}
}

extension CompletionKind {
  /// The catalogue's models.
  package static let model = CompletionKind.list(VisionModel.all.map(\.name.rawValue))
}
