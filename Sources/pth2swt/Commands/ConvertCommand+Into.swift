import ArgumentParser
import StateDicts
import Subcommands
import Terminal

extension ConvertCommand {
  /// Checks the options that `--into` excludes.
  func validateInto() throws {
    try list.requireInputs(paths)
    for (isGiven, name) in [
      (merge, "--merge"), (audit != nil, "--audit"), (changes.inverse != nil, "--inverse"),
    ] where isGiven {
      throw ValidationError("\(name) is for one output, and --into writes several.")
    }
    if paths.contains(FilePath("-")) { throw ValidationError("--into names outputs after inputs, and - has no name.") }
  }

  /// Converts each input to a file in a folder, which need not be there.
  func convertAll(into folder: FilePath) throws {
    if folder.exists, !folder.isFolder {
      throw CheckpointError(
        .cannotCreate, "Outputs are written into a folder, and this is a file.", file: folder.description,
        remedy: "name a folder, which need not exist")
    }
    let format = format ?? (maxShardSize == nil ? .swt : .safetensors)
    let (found, passedOver) = try list.find(paths, leavingOut: folder)
    let outputs = found.map { $0.output(in: folder, ending: maxShardSize == nil ? format.rawValue : nil) }
    let first = Dictionary(zip(outputs, found.map(\.path)), uniquingKeysWith: { first, _ in first })
    // Each input is one worker's, who writes all of its output.
    let own = try worker?.worker().share(of: found.map(\.path.byteCount))
    var batch = Batch(dryRun ? "would be converted" : "converted", isJSON: json)
    for place in own ?? Array(found.indices) {
      let (input, output) = (found[place], outputs[place])
      batch.run(input) {
        if input.failure == nil, let other = first[output], other != input.path {
          throw CheckpointError(
            .outputExists, "Its output \(output) is that of \(other).", file: input.path.description,
            remedy: "convert it by itself, or into another folder")
        }
        if !dryRun { try output.folder.createFolder() }
        switch try convert([input.path], to: output, format: format) {
        case .planned(let plan):
          if json { try printJSON(plan, isLine: true) }
          return (.ok, "\(input.path): \(plan.summary.lines[0])")
        case .written(let summary):
          if json { try printJSON(summary, isLine: true) }
          return (.ok, "\(input.path): \(summary.line)")
        }
      }
    }
    try batch.finish(passedOver: passedOver, mayBeNone: own?.isEmpty == true)
  }
}
