package import ArgumentParser
import VisionModels

/// How many classes a model has.
package struct ClassCountOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of classes, including a detector's background (default: inferred).",
      valueName: "n"))
  package var numClasses: Int?

  package init() {}
}

extension CompletionKind {
  /// The catalogue's models.
  package static let model = CompletionKind.list(VisionModel.all.map(\.name.rawValue))
}
