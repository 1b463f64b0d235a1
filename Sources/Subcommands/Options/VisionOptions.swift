package import ArgumentParser
import StateDicts
import Terminal
package import VisionModels

/// Options of every subcommand that runs a model.
package struct VisionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of threads (default: number of cores).", valueName: "n"))
  package var threads: Int?

  @Flag(help: "Use direct convolutions only: slower, closer to torch.")
  package var exact = false

  @Option(
    help: ArgumentHelp(
      "Class names, one per line, beginning with class 0.", valueName: "file"),
    completion: .file(extensions: ["txt"]))
  var labels: FilePath?

  package init() {}

  package func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads must be at least 1.") }
  }

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
