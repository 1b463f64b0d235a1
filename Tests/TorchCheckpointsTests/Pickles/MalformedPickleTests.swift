import StateDicts
import Testing

@testable import TorchCheckpoints

/// Bytes that no pickler writes: each is refused, with the place of the instruction at fault.
struct MalformedPickleTests {
  struct Malformed: CustomTestStringConvertible {
    let testDescription: String
    let bytes: String

    init(_ name: String, _ bytes: String) {
      (testDescription, self.bytes) = (name, bytes)
    }
  }

  static let cases = [
    Malformed("nothing at all", ""),
    Malformed("no STOP", "K\u{1}"),
    Malformed("STOP on an empty stack", "."),
    Malformed("STOP on a MARK", "K\u{1}(."),
    Malformed("an instruction that does not exist", "\u{FF}."),
    Malformed("a zero byte", "\u{0}."),
    Malformed("protocol 6", "\u{80}\u{6}N."),
    Malformed("protocol 255", "\u{80}\u{FF}N."),
    Malformed("PROTO without its number", "\u{80}"),
    Malformed("a frame longer than the file", "\u{95}d\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}N."),
    Malformed("a frame of 2^64 bytes", "\u{95}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}N."),
    Malformed("BININT cut short", "J\u{1}\u{0}."),
    Malformed("BINFLOAT cut short", "G\u{0}\u{0}"),
    Malformed("BINUNICODE longer than the file", "X\u{FF}\u{FF}\u{FF}\u{7F}ab."),
    Malformed("BINUNICODE of four gigabytes", "X\u{FF}\u{FF}\u{FF}\u{FF}ab."),
    Malformed("BINUNICODE8 of 2^63 bytes", "\u{8D}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}ab."),
    Malformed("BINUNICODE8 of 2^64 bytes", "\u{8D}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}ab."),
    Malformed("BINBYTES8 of 2^64 bytes", "\u{8E}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}ab."),
    Malformed("BYTEARRAY8 of 2^64 bytes", "\u{96}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}ab."),
    Malformed("BINSTRING of minus one byte", "T\u{FF}\u{FF}\u{FF}\u{FF}ab."),
    Malformed("LONG4 of minus one byte", "\u{8B}\u{FF}\u{FF}\u{FF}\u{FF}\u{1}."),
    Malformed("LONG1 cut short", "\u{8A}\u{8}\u{1}."),
    Malformed("INT of letters", "Iabc\n."),
    Malformed("INT of nothing", "I\n."),
    Malformed("INT without its end", "I1"),
    Malformed("INT in hexadecimal", "I0x10g\n."),
    Malformed("LONG of letters", "Lx\n."),
    Malformed("LONG of nothing but L", "LL\n."),
    Malformed("LONG of five thousand digits", "L" + String(repeating: "9", count: 5000) + "L\n."),
    Malformed("FLOAT of letters", "Fabc\n."),
    Malformed("FLOAT of nothing", "F\n."),
    Malformed("FLOAT in hexadecimal", "F0x1p3\n."),
    Malformed("STRING without quotes", "Sabc\n."),
    Malformed("STRING with one quote", "S'\n."),
    Malformed("STRING with unlike quotes", "S'abc\"\n."),
    Malformed("STRING with half an escape", "S'\\x4'\n."),
    Malformed("STRING with an escape of no digits", "S'\\xzz'\n."),
    Malformed("UNICODE with half an escape", "V\\u12\n."),
    Malformed("UNICODE with an escape of no digits", "V\\uzzzz\n."),
    Malformed("UNICODE with a sign in its escape", "V\\u+041\n."),
    Malformed("UNICODE beyond Unicode", "V\\U00110000\n."),
    Malformed("APPEND to nothing", "K\u{1}a."),
    Malformed("APPEND to a number", "K\u{1}K\u{2}a."),
    Malformed("APPENDS without a MARK", "]K\u{1}e."),
    Malformed("APPENDS to nothing", "(K\u{1}e."),
    Malformed("LIST without a MARK", "K\u{1}l."),
    Malformed("TUPLE without a MARK", "K\u{1}t."),
    Malformed("TUPLE2 of one value", "K\u{1}\u{86}."),
    Malformed("TUPLE3 across a MARK", "K\u{1}(K\u{2}K\u{3}\u{87}."),
    Malformed("DICT of three values", "(K\u{1}K\u{2}K\u{3}d."),
    Malformed("SETITEMS of one value", "}(K\u{1}u."),
    Malformed("SETITEM on a list", "]K\u{1}K\u{2}s."),
    Malformed("SETITEM on a tuple", ")K\u{1}K\u{2}s."),
    Malformed("SETITEM across a MARK", "}K\u{1}(K\u{2}s."),
    Malformed("a list as a key", "}]K\u{1}s."),
    Malformed("a dict as a key", "}(}K\u{1}u."),
    Malformed("a set as a key", "}\u{8F}K\u{1}s."),
    Malformed("a bytearray as a key", "}\u{96}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}aK\u{1}s."),
    Malformed("a list in a set", "\u{8F}(]\u{90}."),
    Malformed("a list in a frozenset", "(]\u{91}."),
    Malformed("ADDITEMS to a list", "](K\u{1}\u{90}."),
    Malformed("FROZENSET without a MARK", "K\u{1}\u{91}."),
    Malformed("POP of nothing", "0N."),
    Malformed("POP_MARK without a MARK", "K\u{1}1."),
    Malformed("DUP of nothing", "2."),
    Malformed("DUP of a MARK", "K\u{1}(2."),
    Malformed("GET of what was never set", "g0\n."),
    Malformed("BINGET of what was never set", "K\u{1}q\u{0}h\u{1}."),
    Malformed("LONG_BINGET of the last number", "j\u{FF}\u{FF}\u{FF}\u{FF}."),
    Malformed("GET of letters", "gx\n."),
    Malformed("GET of a negative number", "K\u{1}p0\ng-1\n."),
    Malformed("PUT of a negative number", "K\u{1}p-1\n."),
    Malformed("PUT of nothing", "p0\nN."),
    Malformed("MEMOIZE of nothing", "\u{94}N."),
    Malformed("BINPUT of a MARK", "(q\u{0}."),
    Malformed("GLOBAL without its second line", "cm\nf"),
    Malformed("GLOBAL without an end", "cm"),
    Malformed("STACK_GLOBAL of numbers", "K\u{1}K\u{2}\u{93}."),
    Malformed("STACK_GLOBAL of one text", "\u{8C}\u{1}m\u{93}."),
    Malformed("STACK_GLOBAL of bytes", "C\u{1}mC\u{1}f\u{93}."),
    Malformed("REDUCE of a text", "U\u{1}f)R."),
    Malformed("REDUCE of a number", "K\u{1})R."),
    Malformed("REDUCE of a tuple", "))R."),
    Malformed("REDUCE with a list of arguments", "cm\nf\n]R."),
    Malformed("REDUCE of nothing", ")R."),
    Malformed("NEWOBJ without a tuple", "cm\nC\nK\u{1}\u{81}."),
    Malformed("NEWOBJ_EX without keywords", "cm\nC\n)K\u{1}\u{92}."),
    Malformed("NEWOBJ_EX with a list of arguments", "cm\nC\n]}\u{92}."),
    Malformed("INST without a MARK", "im\nC\n."),
    Malformed("OBJ without a class", "(o."),
    Malformed("OBJ without a MARK", "cm\nC\no."),
    Malformed("OBJ of a number", "(K\u{1}o."),
    Malformed("BUILD on a number", "K\u{1}}b."),
    Malformed("BUILD on a list", "]}b."),
    Malformed("BUILD on a dict", "}}b."),
    Malformed("BUILD on nothing", "}b."),
    Malformed("BUILD across a MARK", "cm\nC\n)R(}b."),
    Malformed("BINPERSID of nothing", "Q."),
    Malformed("PERSID without an end", "Pabc"),
    Malformed("EXT1", "\u{82}\u{1}."),
    Malformed("EXT2", "\u{83}\u{1}\u{0}."),
    Malformed("EXT4", "\u{84}\u{1}\u{0}\u{0}\u{0}."),
    Malformed("NEXT_BUFFER", "\u{97}."),
    Malformed("READONLY_BUFFER of nothing", "\u{98}."),
  ]

  @Test("a malformed pickle is refused", arguments: cases)
  func malformed(_ case: Malformed) {
    let error = #expect(throws: CheckpointError(.malformedPickle, "")) { try pickle(bytes(`case`.bytes)) }
    #expect((0...`case`.bytes.unicodeScalars.count).contains(error?.offset ?? -1))
  }

  @Test("a sound pickle cut short anywhere is refused")
  func cutShort() throws {
    let whole = bytes(
      "\u{80}\u{4}\u{95}\u{26}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}}(\u{8C}\u{1}wcm\nf\n(K\u{1}J\u{1}\u{2}\u{3}\u{4}tR\u{94}"
        + "X\u{1}\u{0}\u{0}\u{0}xG?\u{F8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}u.")
    #expect(try pickle(whole).text == "{'w': <m.f>(1, 67305985), 'x': 1.5}")
    for count in 0..<whole.count {
      #expect(throws: CheckpointError(.malformedPickle, "")) { try pickle(Array(whole[..<count])) }
    }
  }

  @Test("an offset counts from the pickle's first byte, wherever it lies in its file")
  func offset() {
    let file = [UInt8](repeating: 0x4E, count: 100) + bytes("K\u{1}\u{FF}.")
    let error = #expect(throws: CheckpointError(.malformedPickle, "")) {
      try PickleMachine.run(ByteStore(copying: file), 100..<104, limits: .init())
    }
    #expect(error?.offset == 2)
  }

  @Test("more values than the limit, and more bytes, are refused before they cost memory")
  func limits() {
    var limits = CheckpointLimits()
    limits.pickleValueCount = 100
    let many = bytes(String(repeating: "N", count: 101) + ".")
    #expect(throws: CheckpointError(.limitExceeded, "")) { try pickle(many, limits: limits) }
    #expect(throws: Never.self) { try pickle(many) }
    limits.pickleByteCount = 50
    #expect(throws: CheckpointError(.limitExceeded, "")) { try pickle(many, limits: limits) }
  }

  @Test("a memo number of four billion takes no memory of that size")
  func sparseMemo() throws {
    #expect(try pickle(bytes("K\u{5}r\u{FF}\u{FF}\u{FF}\u{FF}0j\u{FF}\u{FF}\u{FF}\u{FF}.")).text == "5")
    #expect(try pickle(bytes("K\u{5}p9223372036854775807\n0g9223372036854775807\n.")).text == "5")
  }

  @Test("any change of one byte in a real pickle is read or refused, and ends")
  func flippedBytes() {
    let whole = bytes(
      "\u{80}\u{2}}q\u{0}(X\u{1}\u{0}\u{0}\u{0}wq\u{1}ctorch._utils\n_rebuild_tensor_v2\nq\u{2}((X\u{7}\u{0}\u{0}\u{0}storageq\u{3}"
        + "ctorch\nFloatStorage\nq\u{4}X\u{1}\u{0}\u{0}\u{0}0q\u{5}X\u{3}\u{0}\u{0}\u{0}cpuq\u{6}K\u{4}tq\u{7}QK\u{0}K\u{4}\u{85}q\u{8}"
        + "K\u{1}\u{85}q\u{9}\u{89}ccollections\nOrderedDict\nq\u{A})Rq\u{B}tq\u{C}Rq\u{D}u.")
    var refused = 0
    for place in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[place] ^= 1 << UInt8(bit)
        do { _ = try pickle(changed).range } catch { refused += 1 }
      }
    }
    #expect(refused > whole.count)
  }
}
