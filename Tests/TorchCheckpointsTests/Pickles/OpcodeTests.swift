import StateDicts
import Testing

@testable import TorchCheckpoints

/// Every instruction of `pickletools`, with the value that Python's own `pickle.loads` gives for the same bytes.
struct OpcodeTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let bytes: String
    let value: String

    init(_ name: String, _ bytes: String, _ value: String) {
      (testDescription, self.bytes, self.value) = (name, bytes, value)
    }
  }

  static let cases = [
    Case("INT", "I42\n.", "42"),
    Case("INT, negative", "I-7\n.", "-7"),
    Case("INT, true", "I01\n.", "True"),
    Case("INT, false", "I00\n.", "False"),
    Case("INT of more than 64 bits", "I123456789012345678901234567890\n.", "123456789012345678901234567890"),
    Case("INT with a plus", "I+5\n.", "5"),
    Case("INT of one digit is a number", "I1\n.", "1"),
    Case("INT of zero is a number", "I0\n.", "0"),
    Case("LONG", "L7L\n.", "7"),
    Case("LONG without its L", "L7\n.", "7"),
    Case("LONG, negative", "L-123456789012345678901L\n.", "-123456789012345678901"),
    Case("LONG at the edge of 64 bits", "L9223372036854775807L\n.", "9223372036854775807"),
    Case("LONG over the edge", "L9223372036854775808L\n.", "9223372036854775808"),
    Case("LONG, the smallest of 64 bits", "L-9223372036854775808L\n.", "-9223372036854775808"),
    Case("BININT", "J\u{FF}\u{FF}\u{FF}\u{7F}.", "2147483647"),
    Case("BININT, negative", "J\u{0}\u{0}\u{0}\u{80}.", "-2147483648"),
    Case("BININT1", "K\u{FF}.", "255"),
    Case("BININT2", "M\u{FF}\u{FF}.", "65535"),
    Case("LONG1 of no bytes", "\u{8A}\u{0}.", "0"),
    Case("LONG1 of one byte", "\u{8A}\u{1}\u{80}.", "-128"),
    Case("LONG1 of two", "\u{8A}\u{2}\u{FF}\u{0}.", "255"),
    Case("LONG1 of eight", "\u{8A}\u{8}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{7F}.", "9223372036854775807"),
    Case("LONG1, smallest of 64 bits", "\u{8A}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}.", "-9223372036854775808"),
    Case(
      "LONG1 of nine bytes that eight hold", "\u{8A}\u{9}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}.", "-1"),
    Case("LONG1 over 64 bits", "\u{8A}\u{9}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{1}.", "18446744073709551616"),
    Case(
      "LONG1, negative over 64 bits", "\u{8A}\u{9}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{FF}.",
      "-18446744073709551616"),
    Case(
      "LONG1 of nine bytes, unsigned 64", "\u{8A}\u{9}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{0}.",
      "18446744073709551615"),
    Case("LONG4", "\u{8B}\u{2}\u{0}\u{0}\u{0}\u{1}\u{2}.", "513"),
    Case(
      "LONG4 of twenty bytes",
      "\u{8B}\u{14}\u{0}\u{0}\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\n\u{B}\u{C}\u{D}\u{E}\u{F}\u{10}\u{11}\u{12}\u{13}\u{14}.",
      "114605103402541699037609980192546360895434064385"),
    Case("LONG4 of no bytes", "\u{8B}\u{0}\u{0}\u{0}\u{0}.", "0"),
    Case("FLOAT", "F1.5\n.", "1.5"),
    Case("FLOAT, an exponent", "F-1e-05\n.", "-1e-05"),
    Case("FLOAT, infinity", "Finf\n.", "inf"),
    Case("FLOAT, no number", "Fnan\n.", "nan"),
    Case("FLOAT without a point", "F3\n.", "3.0"),
    Case("BINFLOAT", "G?\u{F8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.", "1.5"),
    Case("BINFLOAT, minus infinity", "G\u{FF}\u{F0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.", "-inf"),
    Case("BINFLOAT, minus zero", "G\u{80}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.", "-0.0"),
    Case("NONE", "N.", "None"),
    Case("NEWTRUE", "\u{88}.", "True"),
    Case("NEWFALSE", "\u{89}.", "False"),
    Case("STRING", "S'abc'\n.", "'abc'"),
    Case("STRING in double quotes", "S\"it's\"\n.", "\"it's\""),
    Case("STRING, escapes", "S'\\n\\t\\\\\\x41\\101\\''\n.", "\"\\n\\t\\\\AA'\""),
    Case("STRING, empty", "S''\n.", "''"),
    Case("BINSTRING", "T\u{3}\u{0}\u{0}\u{0}abc.", "'abc'"),
    Case("SHORT_BINSTRING", "U\u{3}abc.", "'abc'"),
    Case("SHORT_BINSTRING, empty", "U\u{0}.", "''"),
    Case("UNICODE", "Vabc\n.", "'abc'"),
    Case("UNICODE, escapes", "V\\u00e9\\u20ac\\U0001f99c\n.", "'é€🦜'"),
    Case("UNICODE, latin-1", "V\u{E9}\n.", "'é'"),
    Case("UNICODE, backslash and newline", "V\\u005c\\u000a\n.", "'\\\\\\n'"),
    Case("UNICODE, empty", "V\n.", "''"),
    Case("UNICODE keeps other escapes", "Va\\nb\n.", "'a\\\\nb'"),
    Case("BINUNICODE", "X\u{5}\u{0}\u{0}\u{0}\u{C3}\u{A9}abc.", "'éabc'"),
    Case("SHORT_BINUNICODE", "\u{8C}\u{2}\u{C3}\u{A9}.", "'é'"),
    Case("BINUNICODE8", "\u{8D}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{F0}\u{9F}\u{A6}\u{9C}.", "'🦜'"),
    Case("BINBYTES", "B\u{2}\u{0}\u{0}\u{0}\u{0}\u{FF}.", "b'\\x00\\xff'"),
    Case("SHORT_BINBYTES", "C\u{2}a'.", "b\"a'\""),
    Case("BINBYTES8", "\u{8E}\u{3}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}xyz.", "b'xyz'"),
    Case("BYTEARRAY8", "\u{96}\u{2}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}ab.", "bytearray(b'ab')"),
    Case("EMPTY_LIST", "].", "[]"),
    Case("APPEND", "]K\u{1}aK\u{2}a.", "[1, 2]"),
    Case("APPENDS", "](K\u{1}K\u{2}K\u{3}e.", "[1, 2, 3]"),
    Case("APPENDS of nothing", "](e.", "[]"),
    Case("LIST", "(K\u{1}K\u{2}l.", "[1, 2]"),
    Case("LIST of nothing", "(l.", "[]"),
    Case("EMPTY_TUPLE", ").", "()"),
    Case("TUPLE", "(K\u{1}K\u{2}K\u{3}K\u{4}t.", "(1, 2, 3, 4)"),
    Case("TUPLE of nothing", "(t.", "()"),
    Case("TUPLE1", "K\u{1}\u{85}.", "(1,)"),
    Case("TUPLE2", "K\u{1}K\u{2}\u{86}.", "(1, 2)"),
    Case("TUPLE3", "K\u{1}K\u{2}K\u{3}\u{87}.", "(1, 2, 3)"),
    Case("EMPTY_DICT", "}.", "{}"),
    Case("SETITEM", "}K\u{1}K\u{2}s.", "{1: 2}"),
    Case("SETITEMS", "}(K\u{1}K\u{2}K\u{3}K\u{4}u.", "{1: 2, 3: 4}"),
    Case("SETITEMS of nothing", "}(u.", "{}"),
    Case("DICT", "(K\u{1}K\u{2}d.", "{1: 2}"),
    Case("DICT of nothing", "(d.", "{}"),
    Case(
      "keys of any kind",
      "}(NK\u{1}\u{88}K\u{2}G?\u{F8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}K\u{3})K\u{4}U\u{1}aK\u{5}C\u{1}bK\u{6}u.",
      "{None: 1, True: 2, 1.5: 3, (): 4, 'a': 5, b'b': 6}"),
    Case("EMPTY_SET", "\u{8F}.", "set()"),
    Case("ADDITEMS", "\u{8F}(K\u{1}K\u{2}\u{90}.", "{1, 2}"),
    Case("FROZENSET", "(K\u{1}K\u{2}\u{91}.", "frozenset({1, 2})"),
    Case("FROZENSET of nothing", "(\u{91}.", "frozenset()"),
    Case("POP", "K\u{1}K\u{2}0.", "1"),
    Case("POP of a MARK", "K\u{1}(0.", "1"),
    Case("DUP", "K\u{1}2\u{86}.", "(1, 1)"),
    Case("POP_MARK", "K\u{1}(K\u{2}K\u{3}1.", "1"),
    Case("MARKs within MARKs", "((K\u{1}tK\u{2}t.", "((1,), 2)"),
    Case("PUT and GET", "K\u{5}p0\n0g0\n.", "5"),
    Case("PUT of a large number", "K\u{5}p99999999999\n0g99999999999\n.", "5"),
    Case("BINPUT and BINGET", "K\u{5}q\u{7}0h\u{7}.", "5"),
    Case("LONG_BINPUT and LONG_BINGET", "K\u{5}r\u{0}\u{1}\u{0}\u{0}0j\u{0}\u{1}\u{0}\u{0}.", "5"),
    Case("MEMOIZE counts on", "K\u{5}\u{94}K\u{6}\u{94}00h\u{1}.", "6"),
    Case("a memo number set anew", "K\u{5}q\u{0}K\u{6}q\u{0}h\u{0}\u{86}.", "(6, 6)"),
    Case("PROTO", "\u{80}\u{5}K\u{1}.", "1"),
    Case("FRAME", "\u{80}\u{4}\u{95}\u{3}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}K\u{1}.", "1"),
    Case("READONLY_BUFFER", "C\u{1}a\u{98}.", "b'a'"),
    Case("STOP, whatever follows", "K\u{1}.K\u{2}.", "1"),
    Case("values left beneath the last", "K\u{1}K\u{2}.", "2"),
    Case("GLOBAL", "ctorch._utils\n_rebuild_tensor_v2\n.", "<torch._utils._rebuild_tensor_v2>"),
    Case("STACK_GLOBAL", "\u{8C}\u{5}torch\u{8C}\u{7}float32\u{93}.", "<torch.float32>"),
    Case("STACK_GLOBAL with Python 2's texts", "U\u{5}torchU\u{7}float32\u{93}.", "<torch.float32>"),
    Case("a name with dots", "\u{8C}\u{1}m\u{8C}\u{5}A.b.c\u{93}.", "<m.A.b.c>"),
    Case("REDUCE", "cm\nf\nK\u{1}K\u{2}\u{86}R.", "<m.f>(1, 2)"),
    Case("REDUCE of nothing", "cm\nf\n)R.", "<m.f>()"),
    Case("REDUCE of what REDUCE made", "cm\nf\n)R)R.", "<m.f>()()"),
    Case("NEWOBJ", "cm\nC\nK\u{1}\u{85}\u{81}.", "<m.C>(1,)"),
    Case("NEWOBJ_EX", "cm\nC\nK\u{1}\u{85}}U\u{1}kK\u{2}s\u{92}.", "<m.C>(1,, **{'k': 2})"),
    Case("INST", "(K\u{1}K\u{2}im\nC\n.", "<m.C>(1, 2)"),
    Case("INST of nothing", "(im\nC\n.", "<m.C>()"),
    Case("OBJ", "(cm\nC\nK\u{1}o.", "<m.C>(1,)"),
    Case("OBJ of nothing", "(cm\nC\no.", "<m.C>()"),
    Case("BUILD", "cm\nC\n)\u{81}}U\u{1}aK\u{1}sb.", "<m.C>() state {'a': 1}"),
    Case("BUILD twice keeps both states", "cm\nC\n)\u{81}K\u{1}bK\u{2}b.", "<m.C>() state (1, 2)"),
    Case("BUILD with state and slots", "cm\nC\n)\u{81}N}U\u{1}aK\u{1}s\u{86}b.", "<m.C>() state (None, {'a': 1})"),
    Case("APPENDS to an object", "cm\nL\n)\u{81}(K\u{1}K\u{2}eK\u{3}a.", "<m.L>() items [1, 2, 3]"),
    Case(
      "SETITEMS to an object", "ccollections\nOrderedDict\n)R(K\u{1}K\u{2}uK\u{3}K\u{4}s.",
      "<collections.OrderedDict>() entries {1: 2, 3: 4}"),
    Case("ADDITEMS to an object", "cm\nS\n)\u{81}(K\u{1}\u{90}.", "<m.S>() items [1]"),
    Case("PERSID", "Pstorage 7\n.", "persistent('storage 7')"),
    Case("BINPERSID", "U\u{7}storageK\u{7}\u{86}Q.", "persistent(('storage', 7))"),
    Case("a call of a persistent id's value", "K\u{1}Q)R.", "persistent(1)()"),
  ]

  @Test("an instruction gives the value that it gives in Python", arguments: cases)
  func value(_ case: Case) throws {
    #expect(try pickle(bytes(`case`.bytes)).text == `case`.value)
  }

  @Test("the cases leave out no instruction but those that no file can hold")
  func everyInstruction() {
    let used = Set(Self.cases.flatMap { bytes($0.bytes) })
    let missing = Opcode.byCode.compactMap { $0 }.filter { !used.contains($0.rawValue) }
    #expect(missing == [.ext1, .ext2, .ext4, .nextBuffer])
  }

  @Test("the protocol is what PROTO says, 0 without one", arguments: 0...5)
  func proto(_ version: UInt8) throws {
    #expect(try pickle([0x80, version] + bytes("N.")).proto == Int(version))
    #expect(try pickle(bytes("N.")).proto == 0)
  }

  @Test("a pickle ends after STOP, and says where")
  func end() throws {
    #expect(try pickle(bytes("K\u{1}.rest")).range == 0..<3)
  }
}
