import Testing

@testable import StateDicts

/// Values that JSON has no word for, as a `.swt` file keeps them.
struct PythonValueTests {
  private static let values: [(PythonValue, String)] = [
    (.none, "null"), (.bool(true), "true"), (.integer(-3), "-3"), (.float(1), "1.0"),
    (.float(.infinity), #"{"$float":"inf"}"#), (.float(-.infinity), #"{"$float":"-inf"}"#),
    (.bigInteger("-1267650600228229401496703205376"), #"{"$int":"-1267650600228229401496703205376"}"#),
    (.complex(1, -2.5), #"{"$complex":[1.0,-2.5]}"#), (.text("$tuple"), #""$tuple""#),
    (.bytes([0, 255]), #"{"$bytes":"AP8="}"#), (.bytearray([]), #"{"$bytearray":""}"#),
    (.list([.integer(1), .text("a")]), #"[1,"a"]"#), (.tuple([.integer(1)]), #"{"$tuple":[1]}"#),
    (.set([.integer(1)]), #"{"$set":[1]}"#), (.frozenset([]), #"{"$frozenset":[]}"#),
    (.dict([.init(.text("lr"), .float(0.5))]), #"{"lr":0.5}"#),
    (.dict([.init(.integer(0), .tuple([]))]), #"{"$dict":[[0,{"$tuple":[]}]]}"#),
    (.dict([.init(.text("$set"), .list([]))]), #"{"$dict":[["$set",[]]]}"#),
    (
      .orderedDict([.init(.text("a"), .integer(1))], attributes: [.init(.text("_metadata"), .dict([]))]),
      #"{"$OrderedDict":[["a",1]],"attributes":[["_metadata",{}]]}"#
    ),
    (.counter([.init(.integer(30), .integer(1))]), #"{"$Counter":[[30,1]]}"#),
    (.instance(class: "m.C", [.init(.text("a"), .none)]), #"{"a":null,"$class":"m.C"}"#),
    (.dtype("float32"), #"{"$dtype":"float32"}"#), (.size([.integer(2)]), #"{"$size":[2]}"#),
    (.device("cuda:0"), #"{"$device":"cuda:0"}"#), (.tensor("a.w"), #"{"$tensor":"a.w"}"#),
  ]

  @Test("each kind has a tag that only it has, and comes back")
  func roundTrip() throws {
    for (value, text) in Self.values {
      #expect(value.json.text == text)
      #expect(try PythonValue(JSONValue(parsing: text)) == value, "\(text)")
    }
  }

  @Test("a NaN comes back")
  func notANumber() {
    guard case .float(let value) = PythonValue(PythonValue.float(.nan).json) else {
      Issue.record("no float")
      return
    }
    #expect(value.isNaN)
  }

  @Test("a tag that is not known, or holds something else, is a record: nothing is guessed")
  func unknownTags() throws {
    for text in [#"{"$new":1}"#, #"{"$tuple":1}"#, #"{"$int":5}"#, #"{"$bytes":"?"}"#, #"{"$dict":[[1]]}"#] {
      let json = try JSONValue(parsing: text)
      #expect(PythonValue(json) == .record(json))
    }
  }

  @Test("integers of any length are two's complement")
  func wideIntegers() {
    #expect(WideInteger.bytes("18446744073709551616") == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    #expect(WideInteger.bytes("-18446744073709551616") == [0, 0, 0, 0, 0, 0, 0, 0, 255, 255])
    #expect(WideInteger.bytes("12x") == nil && WideInteger.bytes("") == nil)
    #expect(WideInteger.bytes(String(repeating: "9", count: 615)) == nil)
  }
}
