import StateDicts
import Testing

@testable import TorchCheckpoints

/// Ways to hide a pickle, or what it names, from a scanner: each is found.
@Suite("What hides from a scan")
struct ScanBypassTests {
  private typealias Make = PickleBytes

  private static let evil = Make.whole(Make.call(Make.global("os", "system"), Make.text("id")))
  private static let sound = Make.whole(Make.dict())
  /// Sound but for the call, which makes no storage necessary.
  private static let torchEvil = Make.call(Make.global("os", "system"), Make.text("id")) + [0x30] + Make.dict()

  private func short(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
  private func stackGlobal(_ module: String, _ name: String) -> [UInt8] { short(module) + short(name) + [0x93] }
  private func pickle4(_ body: [UInt8]...) -> [UInt8] { [0x80, 4] + body.flatMap { $0 } + [0x2E] }

  private func dangerous(_ bytes: [UInt8]) -> [String] {
    Checkpoint.scan(bytes).globals.filter { $0.verdict == .dangerous }.map(\.name)
  }

  // MARK: - Where pickles lie

  @Test("a second pickle behind STOP, of protocol 2 and 0, and a third behind zeros")
  func behindStop() {
    #expect(dangerous(Self.sound + Self.evil) == ["os.system"])
    #expect(dangerous(Self.sound + bytes("cos\nsystem\n(S'id'\ntR.")) == ["os.system"])
    #expect(dangerous(Self.sound + Self.sound + [0, 0, 0, 0] + Self.evil) == ["os.system"])
  }

  @Test("protocol 0 and 1 without a frame, by GLOBAL, INST and OBJ")
  func oldProtocols() {
    #expect(dangerous(bytes("cos\nsystem\n(S'id'\ntR.")) == ["os.system"])
    #expect(dangerous(bytes("(S'id'\nios\nsystem\n.")) == ["os.system"])
    #expect(dangerous(bytes("(cos\nsystem\nS'id'\no.")) == ["os.system"])
    #expect(dangerous(bytes("(dp0\nS'a'\np1\ncos\nsystem\n(S'id'\ntRs.")) == ["os.system"])
  }

  @Test("objects in npy and npz, and members that are pickles themselves")
  func numpy() {
    let array = FileBytes.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", data: Self.evil)
    #expect(dangerous(array) == ["os.system"])
    #expect(dangerous(FileBytes.zip([("a.npy", array)])) == ["os.system"])
    #expect(dangerous(FileBytes.zip([("a.npy", Self.evil)])) == ["os.system"])
    let records = FileBytes.npy("{'descr': [('a', 'O')], 'fortran_order': False, 'shape': (1,), }\n", data: Self.evil)
    #expect(dangerous(records) == ["os.system"])
  }

  @Test("any member of an archive: beside data.pkl, among the storages, under a name of other case, nested")
  func members() {
    for name in ["archive/other.pkl", "archive/extra/x.bin", "archive/data/1", "archive/DATA.PKL", "constants.pkl"] {
      #expect(dangerous(FileBytes.torch(Make.dict(), more: [(name, Self.evil)])) == ["os.system"], "\(name)")
    }
    let inner = FileBytes.torch(Self.torchEvil)
    #expect(dangerous(FileBytes.zip([("policy.pth", inner)])) == ["os.system"])
    #expect(dangerous(FileBytes.tar([("weights/policy.pth", inner)])) == ["os.system"])
  }

  @Test("a gzip stream is unpacked")
  func gzip() {
    // A stream of one stored block: its bytes, its CRC-32 and its length.
    let length = Make.little(UInt16(Self.evil.count)), complement = Make.little(~UInt16(Self.evil.count))
    let crc = unsafe Self.evil.withUnsafeBytes { unsafe Checksum(of: $0).value }
    let stream =
      [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1] + length + complement + Self.evil + Make.little(crc)
      + Make.little(UInt32(Self.evil.count))
    #expect(dangerous(stream) == ["os.system"])
  }

  @Test("archives behind a pickle and behind each other")
  func joined() {
    #expect(dangerous(Self.sound + FileBytes.zip([("a.pkl", Self.evil)])) == ["os.system"])
    #expect(dangerous(Self.evil + FileBytes.torch(Make.dict())) == ["os.system"])
    #expect(dangerous(FileBytes.torch(Self.torchEvil) + FileBytes.torch(Make.dict())) == ["os.system"])
    #expect(Checkpoint.scan(FileBytes.torch(Make.dict()) + FileBytes.torch(Make.dict())).globals.isEmpty)
    // What begins as safetensors may be an archive to torch, or a pickle: a text of 4 bytes, four zeros, then the brace.
    let header: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8)
    #expect(dangerous(header + FileBytes.torch(Self.torchEvil)) == ["os.system"])
    #expect(dangerous([0x54, 5, 0, 0, 0, 0, 0, 0, 0x7B, 0x30, 0x30] + Self.torchEvil + [0x2E]) == ["os.system"])
  }

  @Test("each pickle of the legacy and tar formats, and a second object of torch.save")
  func oldFormats() {
    let sound = FileBytes.legacy(Make.dict(("w", Make.vector)))
    #expect(Checkpoint.scan(sound).outcome == .clean)
    #expect(dangerous(sound + FileBytes.legacy(Self.torchEvil, keys: Make.list(), storages: [])) == ["os.system"])
    #expect(dangerous(FileBytes.legacy(Make.dict(), keys: Make.global("os", "system"))) == ["os.system"])
    for member in ["sys_info", "pickle", "tensors", "storages"] {
      #expect(dangerous(FileBytes.torchTar(replacing: [member: Self.evil])) == ["os.system"], "\(member)")
    }
    let storages = FileBytes.tarStorages(views: Make.global("os", "system"))
    #expect(dangerous(FileBytes.torchTar(replacing: ["storages": storages])) == ["os.system"])
  }

  @Test("files in a pickle's bytes, and in bytes inside those")
  func insideBytes() {
    let bytes: ([UInt8]) -> [UInt8] = { [0x42] + Make.little(UInt32($0.count)) + $0 }
    #expect(dangerous(Make.whole(Make.list(bytes(Self.evil)))) == ["os.system"])
    #expect(dangerous(Make.whole(Make.list(bytes(FileBytes.torch(Self.torchEvil))))) == ["os.system"])
    #expect(dangerous(Make.whole(Make.list(bytes(Make.whole(Make.list(bytes(Self.evil))))))) == ["os.system"])
    let encoded = Make.call(
      Make.global("_codecs", "encode"), Make.text("cos\nsystem\n(tR."), Make.text("latin1"))
    #expect(dangerous(Make.whole(Make.list(encoded))) == ["os.system"])
  }

  // MARK: - What breaks

  @Test(
    "what was named before the pickle broke is listed, and so is what broke",
    arguments: ["\u{FF}\u{FF}", "0N", "000000.", "h\u{9}.", "X\u{FF}\u{FF}\u{FF}\u{7F}"])
  func broken(_ end: String) {
    let start = Array(Self.evil.dropLast())
    for file in [start + bytes(end), FileBytes.zip([("archive/data.pkl", start + bytes(end))])] {
      let scan = Checkpoint.scan(file)
      #expect(scan.outcome == .dangerous && scan.globals.map(\.name) == ["os.system"])
    }
    #expect(Checkpoint.scan(start + [0xFF]).error?.code == .malformedPickle)
    #expect(Checkpoint.scan([0x80, 2] + Make.global("mypkg", "Net") + [0xFF]).outcome == .broken)
  }

  @Test("instructions that we refuse and a less strict reader passes hide nothing behind them")
  func passedOver() {
    let call = Make.call(Make.global("os", "system"), Make.text("id"))
    for start in ["}Nb0", "I1_000\n0", "I 7\n0", "N]R0", "\u{80}\u{9}"] {
      #expect(dangerous([0x80, 2] + bytes(start) + call + [0x2E]) == ["os.system"], "\(start)")
    }
  }

  @Test("an archive that cannot be opened is searched for pickles")
  func brokenArchive() {
    let whole = FileBytes.torch(Self.torchEvil)
    let scan = Checkpoint.scan(Array(whole.dropLast(30)))
    #expect(scan.isDangerous && scan.error != nil)
  }

  // MARK: - How names are made

  @Test("names through the memo, replaced in the memo, made by a call, and by an extension code")
  func names() {
    let arguments = short("id") + [0x85, 0x52]
    #expect(
      dangerous(pickle4(short("os") + [0x94] + short("system") + bytes("\u{94}00h\u{0}h\u{1}\u{93}") + arguments))
        == ["os.system"])
    let swapped = short("collections") + bytes("q\u{0}0") + short("os") + bytes("q\u{0}0h\u{0}")
    #expect(dangerous(pickle4(swapped + short("system") + [0x93] + arguments)) == ["os.system"])
    let made = stackGlobal("builtins", "str") + short("os") + [0x85, 0x52]
    #expect(dangerous(pickle4(made + short("system") + [0x93] + arguments)) == ["<computed>.system"])
    #expect(dangerous(pickle4(short("os") + stackGlobal("string", "digits") + [0x93])) == ["os.<computed>"])
    for code in ["\u{82}\u{5}", "\u{83}\u{5}\u{0}", "\u{84}\u{5}\u{0}\u{0}\u{0}"] {
      #expect(dangerous(pickle4(bytes(code) + arguments)) == ["<computed>.extension 5"])
    }
  }

  @Test("REDUCE, NEWOBJ, NEWOBJ_EX, BUILD and a global that is thrown away")
  func calls() {
    let global = Make.global("os", "system")
    for end in [")R", ")\u{81}", ")}\u{92}", ")\u{81}}b", "0N", "}b", "]R"] {
      #expect(dangerous([0x80, 2] + global + bytes(end) + [0x2E]) == ["os.system"], "\(end)")
    }
  }

  @Test("getattr, attrgetter and partial of them, from a module on")
  func getattr() {
    let get = Make.global("builtins", "getattr")
    let functional = Make.global("torch.nn", "functional")
    let torch = Make.call(get, functional, Make.text("torch"))
    #expect(dangerous(Make.whole(Make.call(get, torch, Make.text("load")))).contains("torch.nn.functional.torch.load"))
    #expect(
      dangerous(Make.whole(Make.call(get, Make.global("mypkg", "utils"), Make.text("os")))) == ["mypkg.utils.os"])
    let getter = Make.call(Make.global("operator", "attrgetter"), Make.text("os.system"))
    #expect(dangerous(Make.whole(Make.call(getter, functional))) == ["torch.nn.functional.os.system"])
    let partial = Make.call(Make.global("functools", "partial"), get, functional)
    #expect(dangerous(Make.whole(Make.call(partial, Make.text("os")))) == ["torch.nn.functional.os"])
    let made = Make.call(Make.global("builtins", "str"), Make.text("os"))
    #expect(dangerous(Make.whole(Make.call(get, functional, made))) == ["torch.nn.functional.<computed>"])
    let numpy = Make.call(Make.global("numpy.core", "_ufunc_reconstruct"), Make.text("os"), Make.text("system"))
    #expect(dangerous(Make.whole(numpy)) == ["os.system"])
    // A member of an enumeration, and numpy's own functions.
    let color = Make.call(get, Make.global("mypkg", "Color"), Make.text("RED"))
    let sine = Make.call(Make.global("numpy.core", "_ufunc_reconstruct"), Make.text("numpy"), Make.text("sin"))
    #expect(Checkpoint.scan(Make.whole(Make.list(color, sine))).outcome == .unknown)
    // Reading refuses what the scan finds.
    #expect(throws: CheckpointError(.dangerousGlobal, "")) {
      try Checkpoint(FileBytes.torch(Make.dict(("x", Make.call(partial, Make.text("os"))))))
    }
  }

  // MARK: - What does not count

  @Test("numbers that look like pickles are none, and a sound checkpoint is clean")
  func chance() {
    let storage: [UInt8] = [0x80, 2, 0x82, 5, 0x2E, 0, 0, 0] + Array(Self.sound) + [0, 0, 0, 0]
    let legacy = FileBytes.legacy(
      Make.dict(("w", Make.vector)), storages: Make.little(Int64(4)) + Array(storage.prefix(16)))
    #expect(Checkpoint.scan(legacy).outcome == .clean)
    #expect(Checkpoint.scan(FileBytes.torch(Make.dict(("w", Make.vector)))).outcome == .clean)
    #expect(Checkpoint.scan(bytes("a text that says nothing")).outcome == .notACheckpoint)
    #expect(Checkpoint.scan([]).outcome == .notACheckpoint)
    #expect(Checkpoint.scan(Make.whole(Make.integer(1))).outcome == .clean)
    let dates = FileBytes.npy("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1,), }\n", data: Make.little(1))
    #expect(Checkpoint.scan(dates).outcome == .clean)
  }

  @Test("bytes that begin a pickle again and again are followed only so far")
  func work() {
    let starts = Self.sound + [0] + Array(repeating: [UInt8]([0x80, 2]), count: 200_000).flatMap { $0 }
    #expect(Checkpoint.scan(starts + [0, 0, 0, 0]).error?.code == .limitExceeded)
  }
}
