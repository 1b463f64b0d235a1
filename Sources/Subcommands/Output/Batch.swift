import ArgumentParser
import StateDicts

/// Several inputs one after another: a line for each, a failure that does not stop the rest, and a summary with an exit code.
///
///     ok       runs/1/model.pth: 8 records, 184 B, none damaged
///     failed   runs/2/model.pth: The file ends within its directory. Try: download or copy it again
///     skipped  runs/readme.md: This is a text file, not a checkpoint.
///     3 inputs: 1 verified, 1 failed, 1 skipped
package struct Batch {
  /// What was asked about one input.
  package enum Answer: String {
    case ok, no
  }

  private struct Summary: Encodable {
    struct Counts: Encodable {
      var inputs = 0
      var succeeded = 0
      var no = 0
      var failed = 0
      var skipped = 0
      var passedOver = 0
    }
    var summary = Counts()
  }

  private struct Skipped: Encodable {
    let file: FilePath
    let skipped: String
  }

  /// What was done with an input that succeeded: "verified".
  private let verb: String
  private let isJSON: Bool
  private var counts = Summary()
  private var failure: ExitCode?

  package init(_ verb: String, isJSON: Bool) {
    self.verb = verb
    self.isJSON = isJSON
  }

  /// Handles one input, and prints its line.
  ///
  /// - Parameter body: Returns the line without its beginning. It prints the JSON line itself.
  package mutating func run(_ input: FoundInput, _ body: () throws -> (Answer, String)) {
    counts.summary.inputs += 1
    do {
      if let failure = input.failure { throw failure }
      let (answer, line) = try body()
      if answer == .ok { counts.summary.succeeded += 1 } else { counts.summary.no += 1 }
      if !isJSON { show(answer.rawValue, line) }
    } catch {
      let (report, code) = Failure.of(error, at: input.path)
      if input.mayPass(report) {
        counts.summary.skipped += 1
        guard !isJSON else {
          try? printJSON(Skipped(file: input.path, skipped: report.message), isLine: true)
          return
        }
        return show("skipped", "\(input.path): \(report.message)")
      }
      counts.summary.failed += 1
      failure = failure ?? code
      guard !isJSON else { return Failure.printJSONLine(report) }
      let place = [report.file.flatMap { $0 == input.path.description ? nil : $0 }, report.entry].compactMap(\.self)
      var details = report.details.prefix(3).joined(separator: "; ")
      if !details.isEmpty { details = " \(details)\(report.details.count > 3 ? "; …" : "")." }
      show(
        "failed",
        "\(input.path): \(report.message)" + details + (place.isEmpty ? "" : " At: \(place.joined(separator: ", ")).")
          + (report.remedy.map { " Try: \($0)" } ?? ""))
    }
  }

  private func show(_ word: String, _ line: String) {
    print(word + String(repeating: " ", count: 9 - word.count) + line)
  }

  /// Prints the summary.
  ///
  /// - Parameters:
  ///   - passedOver: The number of links, pipes and devices in folders.
  ///   - mayBeNone: Whether there may be no input: a worker may have none.
  /// - Throws: The exit code of the first failure; 1 if there is none and an answer is no; 66 if there was no checkpoint.
  package mutating func finish(passedOver: Int, mayBeNone: Bool = false) throws {
    counts.summary.passedOver = passedOver
    let sum = counts.summary
    if isJSON {
      try printJSON(counts, isLine: true)
    } else {
      var parts = ["\(Readable.count(sum.succeeded)) \(verb)"]
      if sum.no > 0 { parts.append("\(Readable.count(sum.no)) with findings") }
      if sum.failed > 0 { parts.append("\(Readable.count(sum.failed)) failed") }
      if sum.skipped > 0 { parts.append("\(Readable.count(sum.skipped)) skipped") }
      print("\(Readable.count(sum.inputs, of: "input")): \(parts.joined(separator: ", "))")
      if passedOver > 0 { print("\(Readable.count(passedOver)) symbolic links, pipes and devices were not opened") }
    }
    if let failure { throw failure }
    if sum.no > 0 { throw Failure.no }
    if sum.succeeded == 0, !mayBeNone {
      throw CheckpointError(
        .notFound, "None of \(Readable.count(sum.inputs, of: "input")) is a checkpoint.",
        remedy: "check the paths; pth2swt inspect FILE says what a file is")
    }
  }
}
