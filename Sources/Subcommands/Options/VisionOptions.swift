package import ArgumentParser
package import StateDicts
import Terminal
import TorchCheckpoints
package import VisionModels

/// The arguments of every subcommand that runs a model on images.
package struct VisionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Checkpoint with the weights.", valueName: "file"), completion: .checkpoint)
  var weights: FilePath

  @Flag(help: "Print JSON.")
  package var json = false

  @Flag(help: "Print the time of each stage in milliseconds.")
  package var timings = false

  @Option(help: ArgumentHelp("Number of threads (default: number of cores).", valueName: "n"))
  package var threads: Int?

  @Flag(help: "Use direct convolutions only: slower, closer to torch.")
  package var exact = false

  @Option(
    help: ArgumentHelp(
      "Class names, one per line, beginning with class 0.", valueName: "file"),
    completion: .file(extensions: ["txt"]))
  var labels: FilePath?

  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "Images (JPEG or PNG).", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  package var images: [FilePath]

  package init() {}

  package func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads must be at least 1.") }
  }

  /// Matches the weights with their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(weights)) }

  /// Returns the names in the file, or the usual ones if their number matches, or none.
  ///
  /// - Throws: `configuration` if the number of names in the file is not the number of classes.
  package func labels(of classCount: Int, usual: Labels, remedy: String) throws -> Labels {
    guard let labels else { return classCount == usual.names.count ? usual : Labels([]) }
    let read = try Labels(at: labels)
    guard read.names.count == classCount else {
      throw VisionError(
        .configuration,
        "The file has \(Readable.count(read.names.count, of: "name")), but the model has \(classCount) classes.",
        file: labels.description, remedy: remedy)
    }
    return read
  }
}
