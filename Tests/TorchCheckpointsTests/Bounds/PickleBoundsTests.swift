import StateDicts
import Testing

@testable import TorchCheckpoints

/// What a pickle may cost is limited in proportion to the number of values that it may have.
struct PickleBoundsTests {
  private func message(_ body: [UInt8], values: Int = 1000) -> String? {
    var limits = CheckpointLimits()
    limits.pickleValueCount = values
    do {
      _ = try PickleMachine.run(ByteStore(copying: body), 0..<body.count, limits: limits)
      return nil
    } catch {
      return error.code == .limitExceeded ? error.message : "\(error)"
    }
  }

  private func repeated(_ text: String, _ count: Int) -> [UInt8] {
    Array(repeating: bytes(text), count: count).flatMap { $0 }
  }

  @Test("instructions without values are counted")
  func instructions() {
    #expect(message(repeated("(0", 20_000) + bytes("N.")) == "The pickle has more than 8000 instructions.")
    #expect(message(repeated("(0", 3000) + bytes("N.")) == nil)
  }

  @Test(
    "memory without values is counted: marks, the stack, the memo, tuples",
    arguments: ["(", "h\u{0}", "h\u{0}h\u{0}h\u{0}\u{87}0", "r"])
  func memory(unit: String) {
    let body =
      unit == "r"
      ? (0..<4000).flatMap { bytes("r") + PickleBytes.little(UInt32($0 * 300 + 7)) }
      : repeated(unit, unit == "(" ? 8000 : 20_000)
    let text = message(bytes("Nq\u{0}") + body + bytes("."), values: unit == "r" ? 5000 : 2000)
    #expect(
      text == "The values of the pickle take more than \(unit == "r" ? 120_000 : 48_000) bytes of memory."
        || text == "The pickle has more than 16000 instructions.")
  }

  @Test("a long string may be used again, sixteen bytes for each value that the pickle may have")
  func repeatedTexts() {
    let text = PickleBytes.text(String(repeating: "k", count: 1000)) + bytes("q\u{1}")
    #expect(message(text + repeated("0h\u{1}", 15) + bytes(".")) == nil)
    let refused = "The pickle repeats long strings by reference, more than 16000 bytes in total."
    #expect(message(text + repeated("0h\u{1}", 17) + bytes(".")) == refused)
    #expect(message(text + repeated("2", 17) + bytes(".")) == refused)
    // In a tuple, which may be a key, it counts as well.
    #expect(message(text + bytes("\u{85}q\u{2}") + repeated("0h\u{2}", 17) + bytes(".")) == refused)
    #expect(message(PickleBytes.text("short") + bytes("q\u{1}") + repeated("0h\u{1}", 900) + bytes(".")) == nil)
  }

  @Test("globals are counted")
  func globals() {
    let names = (0..<65).flatMap { bytes("cm\nf\($0)\n0") }
    #expect(message(names + bytes("N.")) == "The pickle names more than 64 globals.")
    let long = bytes("cm\n" + String(repeating: "f", count: 5000) + "\n.")
    #expect(message(long) == "The names of the pickle's globals have more than 4000 bytes.")
    #expect(message(long, values: 2000) == nil)
  }

  @Test("a broken pickle is traced to its ten-thousandth error")
  func errors() {
    let body = [UInt8](repeating: 0x52, count: 20_000) + bytes("cos\nsystem\n.")
    let (pickle, error) = PickleMachine.trace(ByteStore(copying: body), 0..<body.count, limits: .init())
    #expect(pickle.globals.isEmpty)
    #expect(error?.code == .malformedPickle)
  }

  @Test("a key that is no string is written in at most 4096 characters, with up to 1024 of each string")
  func keyTexts() throws {
    let long = String(repeating: "é", count: 3000)
    let found = try pickle(PickleBytes.tuple(PickleBytes.text(long), bytes("K\u{1}")) + bytes("."))
    let text = found.keyText(found.root)
    #expect(text.hasPrefix("('ééé"))
    #expect(text.hasSuffix("é'…, 1)"))
    #expect(text.utf8.count < 1100)
    let many = try pickle(bytes("(") + repeated("I1000\n", 5000) + bytes("t."))
    #expect(many.keyText(many.root).utf8.count < 10_000)
  }

  @Test("files inside files take of the same limits")
  func embedded() throws {
    var limits = CheckpointLimits()
    limits.tensorCount = 5
    let inner = FileBytes.torch(PickleBytes.dict(("a", PickleBytes.vector), ("b", PickleBytes.vector)))
    func file(_ count: Int) -> [UInt8] {
      var parts = bytes("}(")
      for number in 0..<count {
        parts += PickleBytes.text("f\(number)") + bytes("B") + PickleBytes.little(UInt32(inner.count + 1))
        parts += inner
        parts.append(UInt8(number))
      }
      return PickleBytes.whole(parts + bytes("u"))
    }
    let options = CheckpointOptions(limits: limits)
    #expect(try Checkpoint(file(1), options: options).tensors.count == 2)
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(file(3), options: options) }
  }
}
