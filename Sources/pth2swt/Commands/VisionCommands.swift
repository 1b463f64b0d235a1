import ArgumentParser
import StateDicts
import Subcommands

// The subcommands that run models: their arguments are parsed here, and `pth2swt-vision` does the work.

struct Detect: ParsableCommand {
  static let configuration = DetectArguments.configuration
  @OptionGroup var arguments: DetectArguments
  func run() throws { try Program.vision.replaceThisProcess() }
}

struct Classify: ParsableCommand {
  static let configuration = ClassifyArguments.configuration
  @OptionGroup var arguments: ClassifyArguments
  func run() throws { try Program.vision.replaceThisProcess() }
}

struct Validate: ParsableCommand {
  static let configuration = ValidateArguments.configuration
  @OptionGroup var arguments: ValidateArguments
  func run() throws { try Program.vision.replaceThisProcess() }
}
