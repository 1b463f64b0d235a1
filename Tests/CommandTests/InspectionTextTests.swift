import Foundation
import Testing

/// What `inspect` shows to a person, in which order.
@Suite struct InspectionTextTests {
  private static let corpusFile = Repository.shared("corpus/SevenNet--checkpoint_best.pth").path

  @Test("what the file is comes first, then how much it holds; marks of the format come with --all")
  func marks() throws {
    let short = try Command("inspect", fixturePath("state_dicts/under_ema.pth"))
    #expect(short.lines[0].hasSuffix("under_ema.pth: torch zip, 3.8 kB"))
    #expect(short.lines[1] == "  8 tensors, 45 parameters: float32 × 7 (176 B), int64 × 1 (8 B)")
    #expect(!short.output.contains("serialization_id"))
    let all = try Command("inspect", "--all", fixturePath("state_dicts/under_ema.pth"))
    #expect(all.output.contains("serialization_id"))
  }

  @Test("an optimizer's state is one line, and its tensors come with --all or --depth")
  func optimizer() throws {
    let file = fixturePath("distributed/plain")
    let short = try Command("inspect", file)
    let optimizer = short.lines.filter { $0.hasPrefix("optimizer.") }
    #expect(optimizer.count == 1 && optimizer[0].contains("2 tensors") && !short.output.contains("exp_avg"))
    #expect(try Command("inspect", "--all", file).output.contains("optimizer.state.0.exp_avg"))
    #expect(try Command("inspect", "--depth", "4", file).output.contains("exp_avg"))
  }

  @Test("a list of globals names three, and how many more there are")
  func globals() throws {
    let lines = try Command("inspect", fixturePath("distributed/plain")).lines
    let line = try #require(lines.first { $0.contains("kept as records: ") })
    #expect(line.split(separator: ",").count == 3 && line.hasSuffix("more (listed by pth2swt scan)"))
    let all = try Command("inspect", "--all", fixturePath("distributed/plain")).output
    #expect(!all.contains("listed by pth2swt scan"))
  }

  @Test(
    "notes of one kind are one line with a count",
    .enabled(if: FileManager.default.fileExists(atPath: corpusFile), "../shared/corpus is not here"))
  func notes() throws {
    let short = try Command("inspect", Self.corpusFile).lines.filter { $0.hasPrefix("  note: ") }
    let all = try Command("inspect", "--all", Self.corpusFile).lines.filter { $0.hasPrefix("  note: ") }
    #expect(all.count > 20 && short.count < 5)
    #expect(short.contains { $0.hasSuffix("more, listed with --all)") })
  }
}
