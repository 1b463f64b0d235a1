import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("The examples of README.md do what the page says")
struct LibraryExamplesTests {
  private let url = Repository.fixture("state_dicts/lightning.pth")

  @Test("Values of a named tensor, in C order")
  func firstScreen() throws {
    #expect(try LibraryExamples.firstScreen(url)?.count == 24)
  }

  @Test("Names, shapes, strides, values and bytes")
  func face() throws {
    let weights = try loadStateDict(url: url)
    try LibraryExamples.face(weights)
    let tensor = try #require(weights["conv.weight"])
    #expect(tensor.description == "float32 [3, 2, 2, 2]")
    #expect(tensor.strides == [8, 4, 2, 1])
    #expect(tensor.byteCount == 96)
  }

  @Test("Other values, and every tensor by its path")
  func wholeValue() throws {
    let (rate, names) = try LibraryExamples.wholeValue(url)
    #expect(rate == 0.1)
    #expect(names.contains("optimizer_states.0.state.0.momentum_buffer"))
    #expect(names.contains("conv.weight"))
  }

  @Test("Options, and bytes in memory")
  func otherWays() throws {
    #expect(try LibraryExamples.options(url).count == 8)
    #expect(try LibraryExamples.memory(url).tensors.count == 14)
  }

  @Test("An error is told by its code, and says what to do")
  func errors() {
    let message = LibraryExamples.errors(Repository.fixture("state_dicts/two_candidates.pth"))
    #expect(message == "There are 2 state dicts: model (8 tensors), ema (8 tensors).")
    #expect(LibraryExamples.errors(Repository.fixture("nothing.pth"))?.contains("no such file") == true)
  }

  @Test("What is written is what was read")
  func writing() throws {
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).swt")
    defer { try? FileManager.default.removeItem(at: output) }
    let weights = try loadStateDict(url: url)
    try LibraryExamples.writing(weights, output)
    #expect(try loadStateDict(url: output).fingerprint() == weights.fingerprint())
  }
}
