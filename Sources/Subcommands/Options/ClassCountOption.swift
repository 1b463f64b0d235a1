package import ArgumentParser
import VisionModels

/// The option for the number of classes.
package struct ClassCountOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Classes, including background (default: inferred).",
      valueName: "n"))
  package var numClasses: Int?

  package init() {}
}

extension CompletionKind {
  /// The models of the catalogue.
  package static let model = CompletionKind.list(VisionModel.all.map(\.name.rawValue))
}
