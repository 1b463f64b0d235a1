package import ArgumentParser

/// Which state dict of a file is meant.
package struct KeyOption: ParsableArguments {
  @Option(help: ArgumentHelp("Path of the state dict in the file, e.g. model_ema.", valueName: "path"))
  package var key: String?

  package init() {}
}
