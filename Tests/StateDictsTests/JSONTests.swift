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
      ("[1,[2],\"x\"]", .array([.integer(1), .array([.integer(2)]), .string("x")])), ("{}", .object([:])),
      (
        #"{"b":1,"a":{"b":null}}"#,
        .object(["b": .integer(1), "a": .object(["b": .null])])
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

  @Test("a long string with escapes is read in parts, none of which ends within a character")
  func longStrings() throws {
    let parts = [
      ("é€🦜", "é€🦜"), (#"\ud83e\udd9c"#, "🦜"), (#"\n\"\u00e9"#, "\n\"é"), (#"\ud83e\u0041"#, "\u{FFFD}A"),
      (#"\udd9cx"#, "\u{FFFD}x"),
    ]
    for start in 0..<4 {
      let head = String(repeating: "a", count: start)
      let count = 20_000
      let text = head + parts.map { String(repeating: $0.0, count: count) }.joined()
      let expected = head + parts.map { String(repeating: $0.1, count: count) }.joined()
      #expect(try JSONValue(parsing: "\"\(text)\"") == .string(expected))
      #expect(throws: CheckpointError(.malformedHeader, "")) { try JSONValue(parsing: "\"\(text)") }
    }
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
      "a": .array([.null, .bool(true), .integer(1), .number(1.5)]), "b": .string("x"),
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == value.text)
    #expect(value["b"] == .string("x"))
    #expect(value["c"] == nil)
    #expect(JSONValue.integer(1)["a"] == nil)
    #expect(JSONValue.object(["a": .integer(1), "a": .integer(2)])["a"] == .integer(1))
  }

  @Test("a value is read by its type, a member by its name, an item by its index")
  func access() {
    let value: JSONValue = ["epoch": 90, "lr": 0.5, "arch": "tiny", "ema": true, "betas": [0.9, 1], "none": .null]
    #expect(value["epoch"]?.intValue == 90 && value["epoch"]?.doubleValue == 90)
    #expect(value["lr"]?.doubleValue == 0.5 && value["lr"]?.intValue == nil)
    #expect(value["arch"]?.stringValue == "tiny" && value["ema"]?.boolValue == true)
    #expect(value["betas"]?[1]?.intValue == 1 && value["betas"]?[2] == nil && value["betas"]?[-1] == nil)
    #expect(value["betas"]?.arrayValue?.count == 2 && value["none"]?.isNull == true)
    #expect(value["arch"]?["x"] == nil && value["arch"]?[0] == nil && value["arch"]?.boolValue == nil)
  }

  @Test("an object changes by name; the order of its members stays")
  func objects() {
    var object: JSONObject = ["b": 1, "a": 2, "b": 3]
    object["a"] = "x"
    object["c"] = .null
    #expect(object.map(\.name) == ["b", "a", "b", "c"] && object["a"] == "x" && object["b"] == 1)
    object["b"] = nil
    #expect(object == ["a": "x", "c": .null])
    #expect(object + ["a": 1] == ["a": "x", "c": .null, "a": 1])
  }

  private struct Options: Decodable, Equatable {
    struct Schedule: Decodable, Equatable {
      let gamma: Float
      let steps: Set<UInt8>
    }
    enum Kind: String, Decodable { case sgd, adam }
    let epoch: Int
    let lr: Double
    let kind: Kind
    let name: String?
    let schedules: [Schedule]
    let sizes: [Int: [Bool?]]
  }

  @Test("JSON is decoded into a type as by JSONDecoder, and an error has the same path")
  func decoding() throws {
    let text = #"""
      {"epoch": 3, "lr": 1, "kind": "adam", "name": null, "schedules": [{"gamma": 0.5, "steps": [1, 2]}],
       "sizes": {"7": [true, null]}}
      """#
    let json = try JSONValue(parsing: text)
    #expect(try json.decode(Options.self) == JSONDecoder().decode(Options.self, from: Data(text.utf8)))
    for (from, to) in [
      ("\"epoch\": 3,", ""), ("true", "1"), ("\"adam\"", "7"), ("0.5", "null"),
      ("{\"7\": [true, null]}", "[]"),
    ] {
      let broken = text.replacingOccurrences(of: from, with: to)
      let paths = [
        Self.path { _ = try JSONValue(parsing: broken).decode(Options.self) },
        Self.path { _ = try JSONDecoder().decode(Options.self, from: Data(broken.utf8)) },
      ]
      #expect(paths[0] != nil && paths[0] == paths[1], "\(broken)")
    }
    #expect(Self.path { _ = try ([1, 256] as JSONValue).decode([UInt8].self) } == "Index 1")
  }

  /// The path of the value that could not be decoded.
  private static func path(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let error as DecodingError {
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        return context.codingPath.map(\.stringValue).joined(separator: "/")
      @unknown default: return nil
      }
    } catch { return nil }
  }

  @Test("a type that contains itself is not followed without end")
  func endless() throws {
    final class Chain: Decodable { let next: Chain? }
    var json: JSONValue = ["next": .null]
    for _ in 0..<200 { json = ["next": json] }
    #expect(Self.path { _ = try json.decode(Chain.self) } != nil)
  }
}
