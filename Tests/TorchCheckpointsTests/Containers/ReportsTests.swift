import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("What reports say of storages and globals")
struct ContainersReportsTests {
  private func open(_ name: String) throws -> Checkpoint {
    try Checkpoint(path: ExpectedRow.fixtures.appending(path: "fixtures/\(name)").path)
  }

  @Test("A slice keeps its whole storage: bytes kept against bytes used")
  func waste() throws {
    let report = try open("legacy/storage_longer_than_used.pth").inspect().storages
    #expect(report.byteCount == 16 && report.usedByteCount == 8 && report.count == 1)
    #expect(report.wasted.map(\.tensors) == [["w"]])
  }

  @Test("Tensors that reach over the same bytes and are not tied overlap")
  func overlaps() throws {
    let report = try open("zip_tensors/tied_overlapping.pth").inspect().storages
    #expect(report.overlaps.count == 1)
    let tied = try open("zip_tensors/tied_same_object.pth").inspect().storages
    #expect(tied.overlaps.isEmpty && tied.wasted.isEmpty)
  }

  @Test("A class's source text is kept as text")
  func sources() throws {
    let source = try #require(open("legacy/module_with_source.pth").embeddedSources.first)
    #expect(source.name == "__main__.old.Net" && source.file == "train.py")
    #expect(source.text.hasPrefix("class Net(nn.Module):"))
  }

  @Test("Every global has a verdict: known, inert, dangerous")
  func scan() throws {
    let body = PickleBytes.dict(
      ("w", PickleBytes.vector), ("args", PickleBytes.call(PickleBytes.global("argparse", "Namespace"))),
      ("bad", PickleBytes.call(PickleBytes.global("posix", "system"), PickleBytes.text("true"))))
    let checkpoint = try Checkpoint(FileBytes.torch(body), options: .init(allowsDangerousGlobals: true))
    let scan = checkpoint.scan()
    #expect(scan.isDangerous)
    let verdicts = Dictionary(uniqueKeysWithValues: scan.globals.map { ($0.name, $0.verdict) })
    #expect(verdicts["posix.system"] == .dangerous)
    #expect(verdicts["argparse.Namespace"] == .inert)
    #expect(verdicts["torch._utils._rebuild_tensor_v2"] == .known)
    #expect(try !open("pickles/namespace.pth").scan().isDangerous)
  }

  @Test("Device tags are kept: cuda:3, mps, xla:0")
  func devices() throws {
    for (name, tag) in [("device_cuda", "cuda:3"), ("device_mps", "mps"), ("device_xla", "xla:0")] {
      #expect(try open("legacy/\(name).pth").tensors.map(\.tensor.storage.location) == [tag])
    }
  }

  @Test("A second torch.save in the file, and bytes behind the last storage, are noted")
  func trailing() throws {
    #expect(try open("legacy/two_objects.pth").notes.contains { $0.hasPrefix("Another object of torch.save begins") })
    #expect(try open("legacy/trailing_bytes.pth").notes == ["4 bytes follow the last storage."])
  }

  @Test("The second torch.save of a file can be chosen; a third is not there")
  func secondObject() throws {
    let path = ExpectedRow.fixtures.appending(path: "fixtures/legacy/two_objects.pth").path
    let second = try Checkpoint(path: path, options: .init(objectNumber: 1))
    #expect(second.tensors.map(\.name) == ["second"])
    #expect(try [Float](second.tensors[0].tensor) == [60, 61, 62, 63])
    #expect(throws: CheckpointError(.noStateDict, "")) { try Checkpoint(path: path, options: .init(objectNumber: 2)) }
  }

  @Test("Numpy scalars are numbers among the other values")
  func scalars() throws {
    let value = try #require(open("pickles/numpy_core.pth").value?["scalar"])
    guard case .float = try value.kind else {
      Issue.record("\(value) is no number")
      return
    }
  }
}

@Suite("A pickle by itself")
struct BarePickleTests {
  private static let array: [UInt8] = PickleBytes.call(
    PickleBytes.global("numpy.core.multiarray", "scalar"),
    PickleBytes.call(PickleBytes.global("numpy", "dtype"), PickleBytes.text("f4"), PickleBytes.no, PickleBytes.yes),
    PickleBytes.call(
      PickleBytes.global("_codecs", "encode"), PickleBytes.text("\0\0\u{80}?"), PickleBytes.text("latin1")))

  @Test("Its numpy arrays are its state dict")
  func arrays() throws {
    let checkpoint = try Checkpoint(PickleBytes.whole(PickleBytes.dict(("w", Self.array))))
    #expect(checkpoint.format == .pickle)
    #expect(try [Float](#require(checkpoint.stateDict()["w"])) == [1])
  }

  @Test("A tensor of torch in it has no storage, which is said")
  func noStorage() {
    let error = #expect(throws: CheckpointError.self) {
      try Checkpoint(PickleBytes.whole(PickleBytes.dict(("w", PickleBytes.vector))))
    }
    #expect(error?.code == .missingRecord)
  }
}

@Suite("Modules in unusual wrappings")
struct UnusualModulesTests {
  @Test("A module of torch.fx, a call with its attributes, has the names of its state dict")
  func graphModule() throws {
    let attributes = PickleBytes.dict(
      ("training", PickleBytes.no), ("_parameters", PickleBytes.dict(("w", PickleBytes.vector))),
      ("_buffers", PickleBytes.dict()), ("_modules", PickleBytes.dict()))
    let body = PickleBytes.call(
      PickleBytes.global("torch.fx.graph_module", "reduce_graph_module"), attributes, PickleBytes.text("import torch"))
    // Python would run the source text that stands in the file.
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(FileBytes.torch(body)) }
    let checkpoint = try Checkpoint(FileBytes.torch(body), options: .init(allowsDangerousGlobals: true))
    #expect(checkpoint.tensors.map(\.name) == ["0.w"])
    #expect(checkpoint.tensors.map(\.role) == [.parameter])
    #expect(try checkpoint.stateDict().names == ["w"])
  }

  @Test("A parameter of torch 0.1 to 0.3 is a class called with its tensor")
  func oldParameter() throws {
    let parameter =
      PickleBytes.call(PickleBytes.global("torch.nn.parameter", "Parameter"), PickleBytes.vector)
      + PickleBytes.tuple(PickleBytes.no, PickleBytes.no, PickleBytes.none) + Array("b".utf8)
    let checkpoint = try Checkpoint(FileBytes.torch(PickleBytes.dict(("w", parameter))))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(checkpoint.tensors.map(\.tensor.requiresGrad) == [false])
  }
}

@Suite("What a checkpoint keeps without need")
struct UnusedTests {
  @Test("Records that no tensor views are listed, torch's own are not")
  func records() throws {
    let file = FileBytes.torch(
      PickleBytes.dict(("w", PickleBytes.vector)), storages: [("0", [UInt8](repeating: 0, count: 16)), ("1", [7])],
      more: [("archive/byteorder", Array("little".utf8)), ("archive/extra/note", [1]), ("run.sh", [1, 2])])
    let report = try Checkpoint(file).inspect().storages
    #expect(report.unused.map(\.entry) == ["archive/data/1", "run.sh"])
    #expect(report.unused.map(\.byteCount) == [1, 2])
  }

  @Test("Views that repeat their storage are hashed up to a limit for all together")
  func expanded() throws {
    let view = PickleBytes.tensor(
      PickleBytes.storage("0", count: 4), size: PickleBytes.numbers(1000), stride: PickleBytes.numbers(0))
    var options = CheckpointOptions()
    options.limits.expandedByteCount = 5000
    let file = FileBytes.torch(PickleBytes.dict(("a", view), ("b", view), ("w", PickleBytes.vector)))
    let report = try Checkpoint(file, options: options).inspect(hash: { _ in "hash" })
    #expect(report.tensors.map(\.sha256) == ["hash", nil, "hash"])
    #expect(report.notes.contains { $0.hasPrefix("b was not read: it is a view of 4000 bytes") })
    var writing = WriteOptions(overwrites: true, expandsTies: true)
    writing.expandedByteCount = 5000
    let folder = try TemporaryFolder()
    let weights = try Checkpoint(file).stateDict()
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try weights.write(toPath: folder.path("w.swt"), options: writing)
    }
    writing.expandedByteCount = 8000
    try weights.write(toPath: folder.path("w.swt"), options: writing)
  }

  @Test("Whatever reads all values refuses views that name terabytes, before it reads anything")
  func terabytes() throws {
    // Each view of 200 MiB is one that is read by itself.
    let wide = PickleBytes.tensor(
      PickleBytes.storage("0", count: 4), size: PickleBytes.numbers(50 << 20), stride: PickleBytes.numbers(0))
    let file = FileBytes.torch(PickleBytes.dict(("a", PickleBytes.list(Array(repeating: wide, count: 10_000)))))
    try expectRefusal(Checkpoint(file), limit: CheckpointLimits().expandedByteCount)
  }

  @Test("Views of the same bytes are limited as expanded ones are, and four times all bytes are always read")
  func overlapping() throws {
    let storage = [("0", [UInt8](repeating: 0, count: 400))]
    func file(_ count: Int) throws -> Checkpoint {
      let whole = PickleBytes.floats("0", count: 100)
      var options = CheckpointOptions()
      options.limits.expandedByteCount = 1000
      return try Checkpoint(
        FileBytes.torch(
          PickleBytes.dict(("a", PickleBytes.list(Array(repeating: whole, count: count)))), storages: storage),
        options: options)
    }
    try expectRefusal(file(6), limit: 1000)
    let checkpoint = try file(5)
    let weights = try checkpoint.stateDict()
    #expect(try weights.fingerprint(expandedByteCount: 1000).tensors.count == 5)
    #expect(try weights.difference(from: weights, expandedByteCount: 1000).isEmpty)
    #expect(try checkpoint.verify(values: [.nan]).findings.isEmpty)
  }

  private func expectRefusal(_ checkpoint: Checkpoint, limit: Int) throws {
    let weights = try checkpoint.stateDict()
    let errors = [
      #expect(throws: CheckpointError(.limitExceeded, "")) { try weights.fingerprint(expandedByteCount: limit) },
      #expect(throws: CheckpointError(.limitExceeded, "")) {
        try weights.difference(from: weights, expandedByteCount: limit)
      },
      #expect(throws: CheckpointError(.limitExceeded, "")) { try weights.statistics(expandedByteCount: limit) },
      #expect(throws: CheckpointError(.limitExceeded, "")) { try checkpoint.verify(values: [.nan]) },
    ]
    #expect(errors.allSatisfy { $0?.remedy?.contains("--limit-factor") == true })
    // What looks at tensors one by one leaves out the rest.
    let report = try checkpoint.inspect(statistics: false, hash: { _ in "hash" })
    #expect(report.tensors.contains { $0.sha256 == nil } && report.tensors.contains { $0.sha256 != nil })
  }

  @Test("Verifying tells how far it is, up to the end")
  func progress() throws {
    let last = Locked(0)
    let checkpoint = try Checkpoint(FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector))))
    let verification = try checkpoint.verify { progress in
      #expect(progress.totalByteCount ?? 0 >= progress.completedByteCount)
      last.withLock { $0 = max($0, progress.completedByteCount) }
    }
    #expect(last.withLock { $0 } == verification.byteCount)
  }
}
