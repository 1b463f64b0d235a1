import StateDicts
import Testing

@testable import TorchCheckpoints

/// Values that a pickle holds more than once, or that hold themselves, are one value.
struct SharingTests {
  @Test("what comes twice from the memo is one value, and what is added to it later is seen in both places")
  func memo() throws {
    let found = try pickle(bytes("]q\u{0}h\u{0}\u{86}h\u{0}K\u{7}a0."))
    let items = try #require(found.sequence(at: found.root)).map { $0 }
    #expect(items.count == 2)
    #expect(items[0] == items[1])
    #expect(found.text == "([7], [7])")
  }

  @Test("DUP gives the same value, not a copy")
  func duplicate() throws {
    let found = try pickle(bytes("]2K\u{1}a\u{86}."))
    #expect(found.text == "([1], [1])")
    let items = try #require(found.sequence(at: found.root)).map { $0 }
    #expect(items[0] == items[1])
  }

  @Test("equal values that were written twice are two")
  func equalValues() throws {
    let found = try pickle(bytes("]]\u{86}."))
    let items = try #require(found.sequence(at: found.root)).map { $0 }
    #expect(items[0] != items[1])
  }

  @Test("a list, a dict, an object and a tuple may hold themselves")
  func selfContaining() throws {
    let list = try pickle(bytes("]q\u{0}h\u{0}a."))
    #expect(list.sequence(at: list.root).map(Array.init) == [list.root])
    let dict = try pickle(bytes("}q\u{0}K\u{1}h\u{0}s."))
    #expect(dict.flatEntries(at: dict.root)?.last == dict.root)
    let object = try pickle(bytes("cm\nC\n)\u{81}q\u{0}h\u{0}b."))
    #expect(object.object(at: object.root)?.state == object.root)
    let tuple = try pickle(bytes("]q\u{0}h\u{0}\u{85}a."))
    let inner = try #require(tuple.sequence(at: tuple.root)?.first)
    #expect(tuple.sequence(at: inner)?.first == tuple.root)
  }

  @Test("a value that holds itself is opened, walked through and shown as JSON, each in bounded time")
  func selfContainingCheckpoint() throws {
    let checkpoint = try Checkpoint(bytes("\u{80}\u{2}}q\u{0}(U\u{1}ah\u{0}U\u{1}b]q\u{1}(h\u{1}h\u{0}eu."))
    #expect(checkpoint.tensors.isEmpty)
    let value = try #require(checkpoint.value)
    #expect(value["a"]?["a"]?["a"]?["b"] != nil)
    #expect(value.json(budget: 1000).text.utf8.count < 100_000)
  }

  @Test("a value nested a million deep is read and freed without overflowing the stack, and refused where it is walked")
  func deep() throws {
    let depth = 1_000_000
    let nested = [UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1) + bytes(".")
    do {
      let found = try pickle(nested)
      #expect(found.nodes.count == depth)
    }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(bytes("\u{80}\u{2}") + nested) }
  }

  @Test("a value doubled sixty times costs sixty steps")
  func doubled() throws {
    var text = "\u{80}\u{2}]"
    for _ in 0..<60 { text += "2\u{86}" }
    let steps = try Work.steps {
      let checkpoint = try Checkpoint(bytes(text + "."))
      #expect(checkpoint.tensors.isEmpty)
    }
    #expect((60...1000).contains(steps))
  }

  @Test("the JSON of a value doubled sixty times stays within its budget")
  func doubledJSON() throws {
    var text = "\u{80}\u{2}}U\u{1}a]"
    for _ in 0..<60 { text += "2\u{86}" }
    let checkpoint = try Checkpoint(bytes(text + "s."))
    let value = try #require(checkpoint.value)
    #expect(value.json(budget: 10_000).text.utf8.count < 1_000_000)
  }
}
