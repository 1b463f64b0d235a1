import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Texts that Swift cannot hold")
struct PythonTextTests {
  private static func raw(_ bytes: [UInt8]) -> [UInt8] {
    [0x58] + PickleBytes.little(UInt32(bytes.count)) + bytes
  }

  private static func dict(_ entries: ([UInt8], [UInt8])...) -> [UInt8] {
    Array("}(".utf8) + entries.flatMap { $0.0 + $0.1 } + Array("u".utf8)
  }

  @Test("Half of a surrogate pair is shown as Python writes it, and noted")
  func halfPair() throws {
    let checkpoint = try Checkpoint(
      FileBytes.torch(Self.dict((Self.raw([0x77, 0xED, 0xB3, 0xBF]), PickleBytes.vector))))
    #expect(checkpoint.tensors.map(\.name) == ["w\\udcff"])
    #expect(checkpoint.notes.contains { $0.hasPrefix("Strings with an unpaired surrogate") })
  }

  @Test("The same half pair comes out of the text form")
  func textForm() throws {
    let value = try pickle(PickleBytes.whole(Array("V\\udcff\n".utf8)))
    #expect(value.text(at: value.root) == "\\udcff")
    let pair = try pickle(PickleBytes.whole(Array("V\\ud83d\\ude42\n".utf8)))
    #expect(pair.text(at: pair.root) == "\u{1F642}")
  }

  @Test("A half pair and a key that is spelled as its escape would get the same name: refused")
  func collision() throws {
    let body = Self.dict(
      (Self.raw([0xED, 0xB3, 0xBF]), PickleBytes.vector), (PickleBytes.text("\\udcff"), PickleBytes.vector))
    let checkpoint = try Checkpoint(FileBytes.torch(body))
    #expect(checkpoint.tensors.count == 2)
    #expect(throws: CheckpointError(.nameCollision, "")) { try checkpoint.stateDict() }
  }

  @Test(
    "Bytes that are no UTF-8 are refused at their place, as Python refuses them",
    arguments: [
      [0xFF], [0x61, 0xC3], [0xC0, 0x80], [0xED, 0xA0], [0xF4, 0x90, 0x80, 0x80],
    ] as [[UInt8]])
  func invalid(_ bytes: [UInt8]) {
    let error = #expect(throws: CheckpointError.self) {
      try pickle(PickleBytes.whole(Self.dict((Self.raw(bytes), PickleBytes.none))))
    }
    #expect(error?.code == .malformedPickle)
    #expect(error?.offset == 4)
  }

  @Test("A global whose name is no UTF-8 is refused; Python 2's texts may be any bytes")
  func others() throws {
    #expect(throws: CheckpointError(.malformedPickle, "")) {
      try pickle(PickleBytes.whole([0x63, 0xFF, 10, 0x61, 10]))
    }
    let value = try pickle(PickleBytes.whole(Array("S'".utf8) + [0xE9] + Array("'\n".utf8)))
    #expect(value.text(at: value.root) == "\u{E9}")
  }

  @Test("A tuple that holds a list is no key")
  func unhashable() {
    let key = PickleBytes.tuple(PickleBytes.list())
    #expect(throws: CheckpointError(.malformedPickle, "")) {
      try pickle(PickleBytes.whole(Self.dict((key, PickleBytes.none))))
    }
  }
}
