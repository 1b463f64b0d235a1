package import ArgumentParser

/// The option for selecting a state dict in a file.
package struct KeyOption: ParsableArguments {
  @Option(help: ArgumentHelp("Path of the state dict in the file, e.g. model_ema.", valueName: "path"))
  package var key: String?

  package init() {}
}
