package import ArgumentParser

/// Which state dict of a file is meant.
package struct KeyOption: ParsableArguments {
  @Option(help: ArgumentHelp("The state dict's place in the file, such as ema or model.state_dict.", valueName: "path"))
  package var key: String?

  package init() {}
}
