import ArgumentParser
import StateDicts
import Terminal
import TorchCheckpoints
import VisionModels

/// What every subcommand that runs a model takes.
struct VisionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many threads compute; as many as there are cores unless said.", valueName: "n"))
  var threads: Int?

  @Flag(help: "Use direct convolutions only: slower, and closest to torch.")
  var exact = false

  @Option(
    help: ArgumentHelp(
      "Class names, one a line, as many as the model has classes; the first is class 0.", valueName: "file"),
    completion: .file(extensions: ["txt"]))
  var labels: FilePath?

  func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads is a whole number from 1.") }
  }

  /// The names from the file, else the usual ones where there are as many classes, else none.
  ///
  /// - Throws: `configuration` if the file has another number of names: each class would have another's.
  func labels(of classCount: Int, usual: Labels, remedy: String) throws -> Labels {
    guard let labels else { return classCount == usual.names.count ? usual : Labels([]) }
    let read = try Labels(at: labels)
    guard read.names.count == classCount else {
      throw VisionError(
        .configuration,
        "The file has \(Readable.count(read.names.count, of: "name")), and the model \(classCount) classes.",
        file: labels.description, remedy: remedy)
    }
    return read
  }
}

/// Reads an image, and how long that took in milliseconds.
func decodedImage(_ path: FilePath) throws -> (image: Image, milliseconds: Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let image = try Image(at: path)
  let passed = (clock.now - start).components
  return (image, Double(passed.seconds) * 1e3 + Double(passed.attoseconds) / 1e15)
}
