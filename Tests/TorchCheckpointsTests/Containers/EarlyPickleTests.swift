import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("The pickle that is read before the directory is known")
struct EarlyPickleTests {
  private static let version: (name: String, bytes: [UInt8]) = ("archive/version", Array("3\n".utf8))

  private func value(_ entries: [(name: String, bytes: [UInt8])]) throws -> Int? {
    let value = try Checkpoint(FileBytes.zip(entries)).value?["n"]
    guard case .integer(let number)? = try value?.kind else { return nil }
    return number
  }

  private static func pickle(_ number: Int) -> [UInt8] {
    PickleBytes.whole(PickleBytes.dict(("n", PickleBytes.integer(number))))
  }

  @Test("Where it is the one that the directory means, it is what was read")
  func isUsed() throws {
    let bytes = FileBytes.zip([("archive/data.pkl", Self.pickle(1)), Self.version])
    let store = ByteStore(copying: bytes)
    let early = try #require(EarlyPickle(store, options: .init()))
    let start = 30 + "archive/data.pkl".utf8.count
    let range = start..<start + Self.pickle(1).count
    #expect(early.pickle(in: store, at: range) != nil)
    #expect(early.pickle(in: store, at: range.lowerBound..<range.upperBound - 1) == nil)
    #expect(early.pickle(in: store, at: start + 1..<range.upperBound) == nil)
    #expect(early.pickle(in: ByteStore(copying: bytes), at: range) == nil)
  }

  @Test("The directory decides: another data.pkl of a shorter path is the one that counts")
  func shorterPath() throws {
    #expect(try value([("a/b/data.pkl", Self.pickle(1)), ("a/data.pkl", Self.pickle(2)), Self.version]) == 2)
    #expect(try value([("a/data.pkl", Self.pickle(2)), ("a/b/data.pkl", Self.pickle(1)), Self.version]) == 2)
  }

  @Test("A first entry that the directory does not list is no part of the archive")
  func unlisted() throws {
    var bytes = FileBytes.zip([("archive/data.pkl", Self.pickle(1)), ("a/b/data.pkl", Self.pickle(2)), Self.version])
    let record = 46 + "archive/data.pkl".utf8.count
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    bytes.removeSubrange(start..<start + record)
    let end = bytes.count - 22
    bytes[end + 8] -= 1
    bytes[end + 10] -= 1
    bytes[end + 12] -= UInt8(record)
    let checkpoint = try Checkpoint(bytes)
    guard case .integer(2)? = try checkpoint.value?["n"]?.kind else {
      Issue.record("another value: \(checkpoint)")
      return
    }
  }

  @Test("A pickle that goes on behind its entry is refused as it always was")
  func tooLong() throws {
    var entries = [(name: "archive/data.pkl", bytes: Array(Self.pickle(1).dropLast())), Self.version]
    #expect(throws: CheckpointError(.malformedPickle, "")) { try value(entries) }
    // A frame that reaches beyond the entry, into bytes that are there.
    let framed: [UInt8] = [0x80, 4, 0x95] + PickleBytes.little(UInt64(40)) + Array("}.".utf8)
    entries[0].bytes = framed
    #expect(throws: CheckpointError(.malformedPickle, "")) { try value(entries) }
  }

  @Test("A pickle that names what is dangerous is refused, whichever way it was read")
  func dangerous() {
    let body = PickleBytes.whole(PickleBytes.dict(("n", PickleBytes.global("os", "system"))))
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try value([("archive/data.pkl", body), Self.version]) }
  }
}
