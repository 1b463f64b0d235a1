import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Files within a pickle, as pickle.dump writes tensors")
struct EmbeddedFilesTests {
  private static let function = PickleBytes.global("torch.storage", "_load_from_bytes")
  /// A legacy file whose value is a storage of four floats.
  private static let storage = FileBytes.legacy(PickleBytes.storage("0", count: 4))

  private static func bytes(_ bytes: [UInt8]) -> [UInt8] {
    Array("B".utf8) + PickleBytes.little(UInt32(bytes.count)) + bytes
  }

  private static func call(_ file: [UInt8]) -> [UInt8] { PickleBytes.call(function, bytes(file)) }

  private static func tensor(of storage: [UInt8]) -> [UInt8] {
    PickleBytes.tensor(storage, size: PickleBytes.numbers(4), stride: PickleBytes.numbers(1))
  }

  private func open(_ body: [UInt8], options: CheckpointOptions = .init()) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(PickleBytes.whole(body), options: options)
  }

  @Test("A tensor's storage is the file's, and the function is no danger then")
  func storage() throws {
    let checkpoint = try open(PickleBytes.dict(("w", Self.tensor(of: Self.call(Self.storage)))))
    #expect(try [Float](#require(checkpoint.stateDict()["w"])) == [0, 0, 0, 0])
    #expect(checkpoint.globals.contains { $0.name == "torch.FloatStorage" })
    #expect(checkpoint.globals.allSatisfy { $0.verdict == .known })
    guard case .storage? = try open(PickleBytes.dict(("s", Self.call(Self.storage)))).value?["s"]?.kind else {
      Issue.record("no storage")
      return
    }
  }

  @Test("A zip file inside is read as well")
  func zip() throws {
    let inner = FileBytes.torch(PickleBytes.storage("0", count: 4))
    #expect(try open(PickleBytes.dict(("w", Self.tensor(of: Self.call(inner))))).tensors.map(\.name) == ["w"])
  }

  @Test("The tensors of a file that is more than a storage have the path of its value before their names")
  func more() throws {
    let inner = FileBytes.legacy(PickleBytes.dict(("w", PickleBytes.vector)))
    let checkpoint = try open(PickleBytes.dict(("d", Self.call(inner))))
    #expect(checkpoint.tensors.map(\.name) == ["d.w"])
  }

  @Test("What is dangerous inside is refused, and listed where the caller goes on")
  func dangerousInside() throws {
    let call = PickleBytes.call(PickleBytes.global("os", "system"), PickleBytes.text("id"))
    let inner = FileBytes.legacy(call, keys: Array("]".utf8), storages: [])
    let body = PickleBytes.dict(("w", Self.call(inner)))
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try open(body) }
    let scan = try open(body, options: .init(allowsDangerousGlobals: true)).scan()
    #expect(scan.isDangerous)
    #expect(scan.globals.map(\.name).contains("os.system"))
  }

  @Test("The function handed on as a value is dangerous: what it will be called with is not to be known")
  func handedOn() {
    let partial = PickleBytes.call(PickleBytes.global("functools", "partial"), Self.function)
    for body in [
      PickleBytes.dict(("f", Self.function)), PickleBytes.list(Self.function), PickleBytes.dict(("p", partial)),
      PickleBytes.object("a", "B", state: Self.function),
    ] {
      #expect(throws: CheckpointError(.dangerousGlobal, "")) { try open(body) }
    }
  }

  @Test("Called with what is not bytes it is dangerous; with bytes that are no file, or nested too deep, refused")
  func broken() throws {
    let text = PickleBytes.call(Self.function, PickleBytes.text("x"))
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try open(PickleBytes.dict(("w", text))) }
    let error = #expect(throws: CheckpointError.self) {
      try open(PickleBytes.dict(("w", Self.call(Array("no file at all".utf8)))))
    }
    #expect(error?.entry?.hasPrefix("the file in the pickle at byte ") == true)
    func nested(_ depth: Int) -> [UInt8] {
      depth == 0
        ? PickleBytes.dict(("w", Self.tensor(of: Self.call(Self.storage))))
        : PickleBytes.dict(("d", Self.call(PickleBytes.whole(nested(depth - 1)))))
    }
    #expect(throws: Never.self) { try open(nested(CheckpointLimits.embeddingDepth - 1)) }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try open(nested(CheckpointLimits.embeddingDepth)) }
  }

  @Test("The same bytes called a thousand times are opened once, and stay one storage")
  func shared() throws {
    let put = Self.bytes(Self.storage) + Array("q\u{7}0".utf8)
    let use = PickleBytes.call(Self.function, Array("h\u{7}".utf8))
    let list = PickleBytes.list((0..<1000).flatMap { _ in Self.tensor(of: use) })
    let checkpoint = try open(put + list)
    #expect(checkpoint.tensors.count == 1000)
    #expect(Set(checkpoint.tensors.map { ObjectIdentifier($0.tensor.storage) }).count == 1)
  }
}

@Suite("Globals of every pickle of a file")
struct GlobalsOfAllPicklesTests {
  private static let danger = PickleBytes.global("os", "system")

  private func listed(_ file: [UInt8]) throws -> [String] {
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(file) }
    return try Checkpoint(file, options: .init(allowsDangerousGlobals: true)).scan().globals.map(\.name)
  }

  @Test("constants.pkl of a TorchScript archive")
  func constants() throws {
    let file = FileBytes.torch(
      PickleBytes.dict(("w", PickleBytes.vector)),
      more: [("archive/constants.pkl", PickleBytes.whole(PickleBytes.tuple(Self.danger)))])
    #expect(try listed(file).contains("os.system"))
  }

  @Test("The pickles around the value in the legacy format")
  func legacy() throws {
    let keys = PickleBytes.list(PickleBytes.text("0"))
    let file = FileBytes.legacy(
      PickleBytes.dict(("w", PickleBytes.vector)), keys: Self.danger + Array("0".utf8) + keys)
    #expect(try listed(file).contains("os.system"))
  }

  @Test("The records of the tar format")
  func tar() throws {
    let views = Self.danger + Array("0]".utf8)
    let file = FileBytes.torchTar(replacing: ["storages": FileBytes.tarStorages(views: views)])
    #expect(try listed(file).contains("os.system"))
  }

  @Test(
    "The metadata and the items of a distributed checkpoint, and the shards of another",
    arguments: ExpectedRow.all.filter { $0.container == "dcp" && $0.refused == nil })
  func folders(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    guard checkpoint.marks.first(where: { $0.name == "variant" }) == nil else { return }
    #expect(checkpoint.globals.contains { $0.name.hasPrefix("torch.distributed.checkpoint.metadata.") })
    let isTorchSave = row.file != "distributed/safetensors_items"
    #expect(checkpoint.globals.contains { $0.name == "torch._utils._rebuild_tensor_v2" } == isTorchSave)
    #expect(Set(checkpoint.globals).count == checkpoint.globals.count)
  }
}
