import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct DeclareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "declare",
    abstract: "Write the Swift declaration of a checkpoint's model.",
    discussion: """
      Modules of the same structure are one type, equal ones in a list an array. What a checkpoint does not say, such as \
      strides, is in comments.

      EXAMPLES
        pth2swt declare model.pth > Model.swift
        pth2swt declare --for mlx --name UNet --key ema unet.ckpt > UNet.swift
      """)

  @Argument(help: "Checkpoint: file, folder, URL, hf://owner/name, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Option(help: ArgumentHelp("Name of the model's type.", valueName: "name"))
  var name = "Model"

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Write classes of this framework's modules: mlx.", valueName: "framework"),
    completion: .list(["mlx"]),
    transform: { name in
      guard name == "mlx" else { throw ValidationError("--for must be mlx, not \(name).") }
      return .mlx
    })
  var form = SwiftDeclaration.Form.scopes

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  func run() throws {
    let checkpoint = try inputs.openParts(input)
    let stateDict = try checkpoint.stateDict(key: key.key)
    let roles = Dictionary(
      checkpoint.tensors.lazy.compactMap { tensor in tensor.role.map { (tensor.name, $0) } },
      uniquingKeysWith: { first, _ in first })
    let (registry, leftOut) = try SwiftDeclaration.registry(of: stateDict) { place in
      roles[stateDict.originalNames[place]].map { $0 == .parameter ? .parameter : .buffer }
    }
    print(
      SwiftDeclaration(of: registry, named: name, as: form, comments: comments(stateDict, leftOut)).lines)
  }

  /// What the declaration is of, and what it does not say.
  private func comments(_ stateDict: StateDict, _ leftOut: [String]) -> [String] {
    var comments = [
      "Written by pth2swt declare from \(input.name): \(Readable.count(stateDict.count, of: "tensor")), \(Readable.count(stateDict.parameterCount, of: "parameter")).",
      "Layers are recognised by their tensors, buffers by names and dtypes: check the comments of the structs below.",
    ]
    if form == .mlx {
      comments[1] =
        "Layers are recognised by their tensors. Check strides, padding, groups (inputChannels are those of one group), embeddings and norms."
      comments.append("Convert the weights with pth2swt convert --for mlx. Identity stands for layers without tensors.")
    }
    comments += stateDict.ties.prefix(20).map { "Tied: " + $0.joined(separator: " = ") }
    if stateDict.ties.count > 20 { comments.append("Tied: \(stateDict.ties.count - 20) more groups") }
    comments += leftOut.prefix(20).map { "Not declared, since it is made of several tensors: \($0)" }
    return comments
  }
}
