package import ArgumentParser
package import StateDicts
import TorchCheckpoints

/// The option for a list of inputs, and the search for inputs in folders.
package struct InputList: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read paths of more inputs from a file (- for standard input), one per line or separated by NUL.",
      valueName: "file"),
    completion: .file())
  package var filesFrom: FilePath?

  package init() {}

  /// Checks that there are inputs: arguments, or a list.
  package func requireInputs(_ given: [FilePath]) throws {
    if given.isEmpty, filesFrom == nil { throw ValidationError("Missing expected argument '<input> ...'") }
  }

  /// The only input; nil if there are several, or a list.
  package func single(_ given: [FilePath]) -> FilePath? { given.count == 1 && filesFrom == nil ? given[0] : nil }

  /// How long a list may be.
  private static let limit = 1 << 28

  /// The inputs that are given, and those found in folders.
  ///
  /// - Parameters:
  ///   - given: The arguments.
  ///   - joinsFiles: Whether the files of one checkpoint are one input.
  ///   - leftOut: A folder that is not searched: the output.
  /// - Returns: The inputs, and the number of links, pipes and devices in folders.
  /// - Throws: `notFound`, `notReadable` and others for a list that cannot be read. A folder that cannot be read is an input with
  ///   its failure.
  package func find(
    _ given: [FilePath], joinsFiles: Bool = true, leavingOut leftOut: FilePath? = nil
  ) throws -> (inputs: [FoundInput], passedOver: Int) {
    var found: [FoundInput] = []
    var passedOver = 0
    for input in given.map({ FoundInput($0) }) + (try listed()) {
      guard input.path.isFolder else {
        found.append(input)
        continue
      }
      var walk: FolderWalk
      do throws(CheckpointError) {
        walk = try FolderWalk(input.path.withoutTrailingSlash, joinsFiles: joinsFiles, leavingOut: leftOut)
      } catch {
        found.append(FoundInput(input.path, failure: error))
        continue
      }
      var isOver = false
      while !isOver {
        do throws(CheckpointError) {
          guard let place = try walk.next() else {
            isOver = true
            continue
          }
          found.append(input.found(place.path))
        } catch {
          found.append(
            FoundInput(error.file.map { FilePath($0) } ?? input.path, failure: error))
        }
      }
      passedOver += walk.passedOver
    }
    return (found, passedOver)
  }

  private func listed() throws(CheckpointError) -> [FoundInput] {
    guard let filesFrom else { return [] }
    let bytes: [UInt8]
    if filesFrom == FilePath("-") {
      let store = try ByteStore.standardInput()
      bytes = store.array(0..<min(store.count, Self.limit + 1))
    } else {
      bytes = try filesFrom.contents(limit: Self.limit)
    }
    guard bytes.count <= Self.limit else {
      throw CheckpointError(.limitExceeded, "The list has more than \(Self.limit) bytes.", file: filesFrom.description)
    }
    let separator = bytes.contains(0) ? 0 : UInt8(ascii: "\n")
    return bytes.split(separator: separator).map { line in
      // Lines of a list that was made on Windows.
      let isReturn = separator != 0 && line.last == UInt8(ascii: "\r")
      return FoundInput(FilePath(bytes: isReturn ? line.dropLast() : line), isListed: true)
    }.filter { !$0.path.bytes.isEmpty }
  }
}
