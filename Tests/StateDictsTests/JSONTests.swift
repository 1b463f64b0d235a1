import Foundation
import StateDicts
import Testing

struct JSONTests {
  @Test(
    "a JSON text becomes its value",
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-7", .integer(-7)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(0x1p63)), ("1.5", .number(1.5)), ("-2.5e-3", .number(-0.0025)),
      ("1E2", .number(100)), (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{C}\n\r\t")),
      (#""\u00e9\u20AC\ud83e\udd9c""#, .string("é€🦜")), (#""é🦜""#, .string("é🦜")), ("[]", .array([])),
      ("[1,[2],\"x\"]", .array([.integer(1), .array([.integer(2)]), .string("x")])), ("{}", .object([])),
      (
        #"{"b":1,"a":{"b":null}}"#,
        .object([.init("b", .integer(1)), .init("a", .object([.init("b", .null)]))])
      ),
    ] as [(String, JSONValue)])
  func values(_ text: String, _ value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
    #expect(try JSONValue(parsing: value.text) == value)
  }

  @Test(
    "what is no JSON is refused",
    arguments: [
      "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", ".5", "1.2.3", "1e", "0x10", "'a'", "\"a", "\"\\",
      "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\\u-000\"", "\"\\x\"", "\"\n\"", "[", "[1", "[1,", "[1,]", "[,1]",
      "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "1 2", "[] []", "{}}", "inf",
      "1e5x", "--1", "01", "-01", "1.", "1.e5", "00",
    ])
  func refused(_ text: String) {
    #expect(throws: CheckpointError(.malformedHeader, "")) { try JSONValue(parsing: text) }
  }

  @Test("a value nested a hundred deep is read, a hundred thousand deep is refused and does not overflow the stack")
  func depth() throws {
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(try JSONValue(parsing: deep).text == deep)
    for opening in ["[", "{\"a\":"] {
      #expect(throws: CheckpointError(.malformedHeader, "")) {
        try JSONValue(parsing: String(repeating: opening, count: 100_000))
      }
    }
  }

  @Test("what is written, Foundation reads: control characters, quotes, no number that JSON lacks")
  func written() throws {
    let text = String(String.UnicodeScalarView((0..<128).compactMap { Unicode.Scalar($0) }))
    let json = JSONValue.array([.string(text), .integer(.min), .number(0.1), .number(1e300), .bool(false)]).text
    #expect(json.utf8.allSatisfy { $0 >= 0x20 })
    let back = try JSONDecoder().decode([Item].self, from: Data(json.utf8))
    #expect(back == [.text(text), .number(Double(Int.min)), .number(0.1), .number(1e300), .flag(false)])
    #expect(JSONValue.array([.number(.nan), .number(-.infinity)]).text == "[null,null]")
  }

  private enum Item: Decodable, Equatable {
    case text(String)
    case number(Double)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  @Test("Encodable gives the same as the text, and an object's first member of a name is found")
  func encodable() throws {
    let value = JSONValue.object([
      .init("a", .array([.null, .bool(true), .integer(1), .number(1.5)])), .init("b", .string("x")),
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == value.text)
    #expect(value["b"] == .string("x"))
    #expect(value["c"] == nil)
    #expect(JSONValue.integer(1)["a"] == nil)
    #expect(JSONValue.object([.init("a", .integer(1)), .init("a", .integer(2))])["a"] == .integer(1))
  }
}
