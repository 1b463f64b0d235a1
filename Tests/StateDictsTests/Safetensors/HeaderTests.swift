import Testing

@testable import StateDicts

/// What a safetensors file's header may say, and what is refused.
struct HeaderTests {
  /// A file of this header, its length before it, and so many bytes of data.
  private func file(_ json: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    littleEndian([length ?? UInt64(json.utf8.count)]) + json.utf8 + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
  }

  private func read(_ bytes: [UInt8]) throws(CheckpointError) -> StateDict {
    try StateDict(safetensors: ByteStore(copying: bytes), file: "m.safetensors", checksOnUse: true)
  }

  @Test("the worked example of the documentation reads as it says")
  func example() throws {
    let bytes = file(#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}     "#) + littleEndian([Float(1), 2])
    #expect(bytes[0] == 0x3B)
    let stateDict = try read(bytes)
    #expect(stateDict.names == ["w"])
    #expect(try [Float](#require(stateDict["w"])) == [1, 2])
    #expect(stateDict.metadata.source?.format == .safetensors)
  }

  @Test("tensors are limited in number")
  func tensorLimit() throws {
    let rows = (0..<5).map { number in #""w\#(number)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }.joined(
      separator: ",")
    let store = ByteStore(copying: file("{\(rows)}"))
    #expect(try StateDict(safetensors: store, file: "m", checksOnUse: true, tensorLimit: 5).count == 5)
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try StateDict(safetensors: store, file: "m", checksOnUse: true, tensorLimit: 4)
    }
  }

  @Test("an array of sizes, and values in the metadata, are refused before they are in memory")
  func largeArrays() {
    let ones = Array(repeating: "1", count: 5000).joined(separator: ",")
    let shape = #"{"w":{"dtype":"U8","shape":[\#(ones)],"data_offsets":[0,1]}}"#
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(file(shape, data: 1)) }
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(file(#"{"__metadata__":{"x":[[],[],[]]}}"#)) }
  }

  @Test("values in the metadata are limited in number")
  func metadataLimit() throws {
    let values = (0..<5).map { #""m\#($0)":"x""# }.joined(separator: ",")
    let store = ByteStore(copying: file(#"{"__metadata__":{\#(values)}}"#))
    #expect(try StateDict(safetensors: store, file: "m", checksOnUse: true, tensorLimit: 5).isEmpty)
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try StateDict(safetensors: store, file: "m", checksOnUse: true, tensorLimit: 4)
    }
  }

  @Test("metadata of ours that is no JSON, or too much, is refused and not left out")
  func ownMetadata() {
    let broken = #"{"__metadata__":{"swt.version":"1","swt.other_values":"{\"epoch\": 3"}}"#
    let error = #expect(throws: CheckpointError.self) { try read(file(broken)) }
    #expect(error?.code == .malformedHeader && error?.entry == "swt.other_values")
    let many = "[" + String(repeating: "[],", count: 2 << 20) + "[]]"
    let error2 = #expect(throws: CheckpointError.self) {
      try read(file(#"{"__metadata__":{"swt.version":"1","swt.other_values":"\#(many)"}}"#))
    }
    #expect(error2?.code == .limitExceeded && error2?.entry == "swt.other_values")
  }

  @Test("a header is limited by its tensors, however many names they have together")
  func raisedLimit() throws {
    let count = 530_000
    let rows = (0..<count).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }.joined(separator: ",")
    let store = ByteStore(copying: file("{\(rows)}"))
    #expect(try StateDict(safetensors: store, file: "m", checksOnUse: true, tensorLimit: count).count == count)
  }

  @Test("JSON has at most two million values and names")
  func valueCount() {
    let text = "[" + String(repeating: "[],", count: 2 << 20) + "[]]"
    #expect(throws: CheckpointError(.limitExceeded, "")) { try JSONValue(parsing: text) }
  }

  struct Refused: CustomTestStringConvertible {
    let testDescription: String
    let json: String
    let data: Int
    let code: CheckpointError.Code

    init(_ name: String, _ json: String, _ data: Int = 0, _ code: CheckpointError.Code = .malformedHeader) {
      (testDescription, self.json, self.data, self.code) = (name, json, data, code)
    }
  }

  @Test(
    "a header that no writer writes is refused",
    arguments: [
      Refused("no header", ""),
      Refused("an array", "[]"),
      Refused("a brace too few", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#, 1),
      Refused("something after the object", "{}x"),
      Refused("a second object", "{}{}"),
      Refused("a comma before the first name", #"{,"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
      Refused("a comma after the last tensor", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},}"#, 1),
      Refused(
        "a name twice",
        #"{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#),
      Refused(
        "a name twice, once escaped",
        #"{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0077":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
      ),
      Refused("two dtypes", #"{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, 1),
      Refused("two shapes", #"{"w":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}"#, 1),
      Refused("no dtype", #"{"w":{"shape":[1],"data_offsets":[0,1]}}"#, 1),
      Refused("no shape", #"{"w":{"dtype":"U8","data_offsets":[0,1]}}"#, 1),
      Refused("no offsets", #"{"w":{"dtype":"U8","shape":[1]}}"#, 1),
      Refused("one offset", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[1]}}"#, 1),
      Refused("three offsets", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}"#, 2),
      Refused("offsets that fall", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, 1),
      Refused("a negative offset", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, 1),
      Refused("an offset over 2^63", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,9223372036854775808]}}"#, 1),
      Refused("an offset with a fraction", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1.0]}}"#, 1),
      Refused("a negative size", #"{"w":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1),
      Refused("a size that is a text", #"{"w":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}"#, 1),
      Refused("a tensor that is a number", #"{"w":1}"#),
      Refused("a dtype that nobody has", #"{"w":{"dtype":"F7","shape":[1],"data_offsets":[0,1]}}"#, 1, .unsupported),
      Refused("an odd number of 4-bit floats", #"{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}"#, 1),
      Refused(
        "more bytes than the shape takes", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}"#, 2,
        .malformedTensor),
      Refused(
        "fewer bytes than the shape takes", #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}"#, 2,
        .malformedTensor),
      Refused(
        "sizes whose product wraps", #"{"w":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
        .malformedTensor),
      Refused("a tensor beyond the file", #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 1, .truncated),
      Refused("a hole before the first tensor", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
      Refused(
        "a hole between two",
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, 3
      ),
      Refused(
        "two tensors on one byte",
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3
      ),
      Refused(
        "two tensors on the same bytes",
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1
      ),
      Refused("bytes after the last tensor", #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2),
      Refused("metadata that is a list", #"{"__metadata__":[]}"#),
      Refused("metadata that is a number", #"{"__metadata__":{"n":1}}"#),
      Refused("a text without its end", #"{"w"#),
      Refused("a control character in a name", "{\"a\nb\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
      Refused("an escape that JSON does not have", #"{"\x41":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#),
      Refused("an escape with a sign for a digit", #"{"\u+041":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#),
      Refused("a key in single quotes", "{'w':{}}"),
      Refused("values nested a thousand deep", #"{"w":{"x":"# + String(repeating: "[", count: 1000)),
    ])
  func refused(_ case: Refused) {
    #expect(throws: CheckpointError(`case`.code, "")) { try read(file(`case`.json, data: `case`.data)) }
  }

  @Test("a name that is not UTF-8 is refused, not repaired")
  func notUTF8() {
    var bytes = file(#"{"?":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    bytes[10] = 0xFF
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(bytes) }
  }

  @Test("a length that the file does not have, or that the format forbids, is told apart")
  func length() {
    #expect(throws: CheckpointError(.truncated, "")) { try read([]) }
    #expect(throws: CheckpointError(.truncated, "")) { try read([2, 0, 0, 0, 0, 0, 0]) }
    #expect(throws: CheckpointError(.truncated, "")) { try read(file("{}", length: 3)) }
    #expect(throws: CheckpointError(.truncated, "")) { try read(file("{}", length: 100_000_000)) }
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(file("{}", length: 100_000_001)) }
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(file("{}", length: .max)) }
    #expect(throws: CheckpointError(.malformedHeader, "")) { try read(file("{}", length: 1)) }
  }

  @Test("an error names the byte, counted from the start of the file")
  func place() {
    let error = #expect(throws: CheckpointError.self) { try read(file(#"{"w":?}"#)) }
    #expect(error?.offset == 13)
  }

  @Test("what the format allows is read: any order, space, unknown keys, no tensors, no metadata")
  func allowed() throws {
    #expect(try read(file("{}")).isEmpty)
    #expect(try read(file("{ \t\n\r}   ")).isEmpty)
    #expect(try read(file(#"{"__metadata__":{}}"#)).isEmpty)
    let mixed = try read(
      file(
        #" { "b" : { "data_offsets" : [ 1 , 3 ] , "x" : [ {"y":null}, -1.5e3 ], "shape" : [ 2 ] , "dtype" : "U8" } ,"#
          + #""a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]},"e":{"dtype":"F64","shape":[3,0],"data_offsets":[3,3]}}"#,
        data: 3))
    #expect(mixed.names == ["b", "a", "e"])
    #expect(try [Int](#require(mixed["b"])) == [1, 2])
    #expect(try #require(mixed["a"]).shape == [])
    #expect(try #require(mixed["e"]).elementCount == 0)
  }

  @Test("names that look the same and have other bytes are two names")
  func exactNames() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    #expect(composed == decomposed)
    let json =
      #"{"\#(composed)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""\#(decomposed)":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
    let stateDict = try read(file(json, data: 2))
    #expect(stateDict.count == 2)
    #expect(try [Int](#require(stateDict[composed])) == [0])
    #expect(try [Int](#require(stateDict[decomposed])) == [1])
  }

  @Test("every dtype of the format is read as torch's, and 4-bit floats as their pairs")
  func dtypes() throws {
    let names = [
      "BOOL": ElementType.bool, "U8": .uint8, "I8": .int8, "F8_E5M2": .float8_e5m2, "F8_E4M3": .float8_e4m3fn,
      "F8_E8M0": .float8_e8m0fnu, "F8_E4M3FNUZ": .float8_e4m3fnuz, "F8_E5M2FNUZ": .float8_e5m2fnuz, "I16": .int16,
      "U16": .uint16, "F16": .float16, "BF16": .bfloat16, "I32": .int32, "U32": .uint32, "F32": .float32,
      "F64": .float64, "I64": .int64, "U64": .uint64, "C64": .complex64,
    ]
    for (name, type) in names {
      let width = type.byteCount
      let json = #"{"w":{"dtype":"\#(name)","shape":[2],"data_offsets":[0,\#(width * 2)]}}"#
      #expect(try read(file(json, data: width * 2))["w"]?.elementType == type)
      #expect(type.safetensorsName == name)
    }
    let pairs = try read(file(#"{"w":{"dtype":"F4","shape":[3,4],"data_offsets":[0,6]}}"#, data: 6))
    #expect(pairs["w"]?.elementType == .float4_e2m1fn_x2)
    #expect(pairs["w"]?.shape == [3, 2])
  }

  @Test("a name that metadata gives to a kept tensor is an alias, as save_model writes it")
  func foreignAliases() throws {
    let json =
      #"{"__metadata__":{"format":"pt","head.weight":"embed.weight","author":"embed","x":"nothing"},"#
      + #""embed.weight":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    let stateDict = try read(file(json, data: 2))
    #expect(stateDict.names == ["embed.weight", "head.weight"])
    #expect(stateDict.ties == [["embed.weight", "head.weight"]])
  }

  @Test("checksums that do not fit the tensors are none, and one that is wrong is found")
  func checksums() throws {
    func swt(_ crc: String) throws -> StateDict {
      let json =
        #"{"__metadata__":{"swt.version":"1","swt.crc32":"\#(crc)"},"w":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#
      return try read(file(json) + Array("123456789".utf8))
    }
    #expect(try [Int](#require(swt("cbf43926")["w"])).count == 9)
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try swt("cbf43927")["w"]?.gathered }
    #expect(try swt("").tensors[0].storage.checksum == nil)
    #expect(try swt("cbf43926 00000000").tensors[0].storage.checksum == nil)
    #expect(try swt("nonsense").tensors[0].storage.checksum == nil)
    #expect(try swt("1").metadata.source?.format == .swt)
  }
}
