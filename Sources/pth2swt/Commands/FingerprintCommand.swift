import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Print the fingerprint of a checkpoint as JSON.",
    discussion: """
      A fingerprint has the names, dtypes, shapes, CRC-32s and ties of all tensors. It is the same for a .pth and for \
      the .swt made from it.

      EXAMPLES
        pth2swt fingerprint model.pth > model.json
        pth2swt verify model.swt --expect model.json
      """)

  @Argument(help: "Checkpoint: file, folder, URL, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: .hidden)
  var json = false

  func run() throws {
    try printJSON(inputs.open(input).stateDict(key: key.key).fingerprint())
  }
}
