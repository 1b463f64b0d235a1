import ArgumentParser
import StateDicts
import TorchCheckpoints

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every byte of a checkpoint, and that nothing changed since a fingerprint was taken.",
    discussion: """
      Exit 0 if all is well, 65 if a record is damaged, 1 if the tensors are not those of the fingerprint.

      EXAMPLES
        pth2swt verify model.pth
        pth2swt fingerprint model.pth > model.json
        pth2swt verify model.pth --expect model.json
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: String

  @Option(
    help: ArgumentHelp("A fingerprint to hold it against.", valueName: "file"), completion: .file(extensions: ["json"]))
  var expect: String?

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  private struct Report: Encodable {
    let verification: Verification
    let changes: [String]?
  }

  func run() async throws {
    let checkpoint = try inputs.open(input)
    let expected = try expect.map(Fingerprint.init(path:))
    let progress = ProgressLine()
    defer { progress.clear() }
    let verification = try checkpoint.verify { progress.show($0) }
    progress.clear()
    if let damage = verification.damaged.first {
      if !json { for other in verification.damaged { print("\(other.entry): \(other.message)") } }
      throw CheckpointError(
        .checksumMismatch,
        "\(verification.damaged.count) of \(verification.records) records are damaged; the first: "
          + damage.message, file: input, entry: damage.entry, remedy: "download or copy the file again")
    }
    let changes = try expected.map { try checkpoint.stateDict(key: key.key).fingerprint().changes(since: $0) }
    if json {
      try printJSON(Report(verification: verification, changes: changes?.map(\.description)))
    } else {
      print(
        "\(input): \(verification.records) records, \(Readable.bytes(verification.bytes)), none damaged"
          + (verification.withoutChecksum > 0 ? "; \(verification.withoutChecksum) have no checksum" : ""))
      if let expect, let changes {
        for change in changes { print(change) }
        print(changes.isEmpty ? "as \(expect) says" : "\(changes.count) changes since \(expect)")
      }
    }
    if changes?.isEmpty == false { throw Failure.no }
  }
}

extension Fingerprint {
  /// A fingerprint that was kept as a file.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CheckpointError(.notFound, "There is no fingerprint to read.", file: path)
    }
    do {
      self = try JSONDecoder().decode(Fingerprint.self, from: data)
    } catch {
      throw CheckpointError(
        .malformedHeader, "This is no fingerprint.", file: path, remedy: "make one: pth2swt fingerprint IN > FILE")
    }
  }
}
