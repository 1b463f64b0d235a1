import Foundation
import StateDicts
import Testing

@testable import Terminal

/// The JSON that commands print, against what Foundation writes for the same values.
struct JSONTextTests {
  private struct Row: Encodable {
    var name = "a \"quoted\"\\\n\u{1}é\u{1F600}"
    var zeta = 1.0
    var alpha: [Float] = [0.1, -0.0, 1e-7, 123456792]
    var none: Int?
    var empty: [Int] = []
    var nothing: [String: Int] = [:]
    var bytes: [UInt8] = [0, 255]
    var deep: [[String: [Bool]]] = [["b": [true], "a": [false, true]], [:]]
    var object: JSONObject = ["z": .null, "a": .array([.integer(1), .string("/")])]
    var big = UInt64.max
  }

  /// Parts that arrive after others were begun.
  private struct Nested: Encodable {
    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Key.self)
      var list = object.nestedUnkeyedContainer(forKey: .second)
      var inner = object.nestedContainer(keyedBy: Key.self, forKey: .first)
      try list.encode(1)
      try inner.encode("x", forKey: .second)
      var pair = list.nestedUnkeyedContainer()
      try pair.encode(2.5)
      try list.encodeNil()
    }

    enum Key: String, CodingKey { case first, second }
  }

  /// A list of which an item is begun before another is added.
  private struct Mixed: Encodable {
    func encode(to encoder: any Encoder) throws {
      var list = encoder.unkeyedContainer()
      try list.encode(Row())
      try list.encode(["a", "b"])
      var inner = list.nestedUnkeyedContainer()
      try list.encode(["c": 1.5])
      try inner.encode([1, 2])
    }
  }

  /// A report: short members around a long list.
  private struct Report: Encodable {
    var zeta: Int? = 1
    var rows = [Row](repeating: Row(), count: 1000)
    var numbers: [Double] = [1, 0.5, 1e300]
    var inner = Mixed()
    var alpha = ["one", String(repeating: "é\"\u{1F600}\n", count: 50_000)]
  }

  private func text(_ value: some Encodable, isIndented: Bool) throws -> String {
    var bytes: [UInt8] = []
    try JSONText.write(value, isIndented: isIndented) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func foundation(_ value: some Encodable, isIndented: Bool) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isIndented ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test("the text is Foundation's, with names in order", arguments: [false, true])
  func equal(isIndented: Bool) throws {
    #expect(try text(Row(), isIndented: isIndented) == foundation(Row(), isIndented: isIndented))
    #expect(try text([Row(), Row()], isIndented: isIndented) == foundation([Row(), Row()], isIndented: isIndented))
    #expect(try text(Nested(), isIndented: isIndented) == foundation(Nested(), isIndented: isIndented))
    #expect(try text(Mixed(), isIndented: isIndented) == foundation(Mixed(), isIndented: isIndented))
    #expect(try text(Report(), isIndented: isIndented) == foundation(Report(), isIndented: isIndented))
    #expect(try text("top", isIndented: isIndented) == foundation("top", isIndented: isIndented))
    // Long enough to be written in blocks.
    let rows = ["rows": (0..<5000).map { ["number": $0, "square": $0 * $0] }]
    #expect(try text(rows, isIndented: isIndented) == foundation(rows, isIndented: isIndented))
  }

  @Test(
    "a value that is JSON has the same text as Foundation's, and a deep one is written in blocks",
    arguments: [false, true])
  func json(isIndented: Bool) throws {
    let value: JSONValue = [
      "b": [1, 0.5, 2.0, .null, true, "é\"\n", [], [:]], "a": ["z": [[["y": -1]]], "": .integer(.max)],
      "c": .array([[:]]),
    ]
    #expect(try text(value, isIndented: isIndented) == foundation(value, isIndented: isIndented))
    #expect(try text(["in": value], isIndented: isIndented) == foundation(["in": value], isIndented: isIndented))
    #expect(try text([value, 7], isIndented: isIndented) == foundation([value, 7], isIndented: isIndented))
    var deep = JSONValue.array([JSONValue](repeating: 0, count: 1000))
    for _ in 0..<300 { deep = .array([deep]) }
    var byteCounts: [Int] = []
    try JSONText.write(["values": ["deep": deep]], isIndented: true) { byteCounts.append($0.count) }
    #expect(byteCounts.reduce(0, +) > 600_000 && byteCounts.allSatisfy { $0 < 2 * 64 << 10 })
    #expect(throws: EncodingError.self) { try text(JSONValue.array([.number(.infinity)]), isIndented: isIndented) }
  }

  @Test("the items of a long list are written as they are encoded")
  func streamed() throws {
    var byteCounts: [Int] = []
    try JSONText.write(Report(), isIndented: false) { byteCounts.append($0.count) }
    #expect(byteCounts.count > 2 && byteCounts.allSatisfy { $0 < 2 * 64 << 10 })
  }

  @Test("a number that JSON does not have is an error, and nothing is written")
  func infinity() {
    var bytes: [UInt8] = []
    #expect(throws: EncodingError.self) {
      try JSONText.write([1, Double.infinity], isIndented: false) { bytes += $0 }
    }
    #expect(bytes.isEmpty)
  }
}
