import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Checkpoints that several ranks wrote.
///
/// That each fixture holds what torch put into it is tested with all fixtures.
@Suite("Many files into one checkpoint")
struct ManyFilesTests {
  private func path(_ name: String) -> String { ExpectedRow.fixtures.appending(path: "fixtures/\(name)").path }
  private func checkpoint(_ name: String) throws -> Checkpoint { try Checkpoint(path: path(name)) }

  private func expectEqual(_ left: StateDict, _ right: StateDict) throws {
    #expect(left.names == right.names)
    #expect(try left.fingerprint() == right.fingerprint())
    #expect(left.map(\.tensor.requiresGrad) == right.map(\.tensor.requiresGrad))
    #expect(left.metadata.otherValues == right.metadata.otherValues)
    #expect(left.metadata.leftOut == right.metadata.leftOut)
  }

  // MARK: - torch.distributed.checkpoint

  @Test("A DCP folder of a model and its optimizer is read as the .pth of the same state")
  func distributed() throws {
    let (folder, file) = try (checkpoint("distributed/fsdp"), checkpoint("distributed/fsdp.pth"))
    let model = try folder.stateDict()
    try expectEqual(model, file.stateDict())
    #expect(model.names.first == "0.weight")
    #expect(model.metadata.source?.key == "model")
    #expect(Set(model.metadata.leftOut.map(\.key)) == ["optim"])
    try expectEqual(folder.everything(), file.everything())
    try expectEqual(folder.stateDict(key: "optim"), file.stateDict(key: "optim"))
    #expect(folder.value?["step"]?.json() == .integer(7))
    #expect(folder.value?["optim"]?["param_groups"]?.json() == file.value?["optim"]?["param_groups"]?.json())
  }

  @Test("Both write the same .pth")
  func distributedWritten() throws {
    let folder = try TemporaryFolder()
    try checkpoint("distributed/fsdp").everything().write(toPath: folder.path("a.pth"))
    try checkpoint("distributed/fsdp.pth").everything().write(toPath: folder.path("b.pth"))
    let (a, b) = try (Checkpoint(path: folder.path("a.pth")), Checkpoint(path: folder.path("b.pth")))
    #expect(a.value?.json() == b.value?.json())
    try expectEqual(a.everything(), b.everything())
  }

  @Test("The CRC-32s of all parts are checked", arguments: ["distributed/chunked", "zero/stage3", "ranks/sharded"])
  func verified(_ name: String) throws {
    let verification = try checkpoint(name).verify()
    #expect(verification.recordCount > 4)
    #expect(verification.withoutChecksum == 0)
  }

  // MARK: - Ranks

  @Test("Rank files give the same tensors in any order, and one of them alone is refused with what to do")
  func ranks() throws {
    let files = try (0..<4).map { try checkpoint("ranks/dtensors/net.rank\($0).pt") }
    let whole = try checkpoint("ranks/dtensors").stateDict()
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
      let gathered = try Checkpoint(ranks: order.map { files[$0] })
      #expect(gathered.format == .ranks)
      #expect(try gathered.stateDict().fingerprint() == whole.fingerprint())
    }
    #expect(files[1].isRankPart)
    let folder = try TemporaryFolder()
    let error = #expect(throws: CheckpointError(.unsupported, "")) {
      try files[1].stateDict().write(toPath: folder.path("m.swt"))
    }
    #expect(error?.description.contains("grid: one rank's part of a DTensor (Shard(0), Shard(1));") == true)
    #expect(error?.description.contains("--merge") == true)
  }

  @Test("A tensor whose parts are to be summed is refused by name; the others are whole")
  func partial() throws {
    let gathered = try checkpoint("ranks/partial")
    #expect(gathered.tensors.map { $0.tensor.composition == nil } == [true, false])
    let folder = try TemporaryFolder()
    let error = #expect(throws: CheckpointError(.unsupported, "")) {
      try gathered.stateDict().write(toPath: folder.path("m.swt"))
    }
    #expect(error?.description.contains("g: one rank's part of a DTensor (Partial()); the parts of a Partial") == true)
    var options = WriteOptions()
    options.leavesOutUnsupported = true
    #expect(try gathered.stateDict().write(toPath: folder.path("m.swt"), options: options).written == ["w"])
  }

  @Test("Files of other kinds beside a model's are named in a note")
  func families() throws {
    let notes = try checkpoint("ranks/verl").notes.joined()
    #expect(notes.contains("extra_state_world_size_2_rank_*.pt, optim_world_size_2_rank_*.pt"))
  }

  @Test("Ranks that miss a part, or that say nothing of how they fit together, are refused")
  func unfit() throws {
    let some = try [0, 1, 3].map { try checkpoint("ranks/dtensors/net.rank\($0).pt") }
    let missing = #expect(throws: CheckpointError(.missingRecord, "")) { try Checkpoint(ranks: some) }
    #expect(missing?.message.contains("There are files of 3 ranks.") == true)
    let plain = try [checkpoint("state_dicts/module.pth"), checkpoint("state_dicts/module.pth")]
    #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(ranks: plain) }
    #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(ranks: []) }
    let others = try [checkpoint("ranks/partial/rank0.pt"), checkpoint("ranks/verl/model_world_size_2_rank_1.pt")]
    #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(ranks: others) }
    #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(ranks: others.reversed()) }
  }

  @Test("A replica is enough where a dimension of the mesh only repeats: here of columns, not of rows")
  func replicas() throws {
    // Of a mesh of 2 × 2 these are one row.
    let error = #expect(throws: CheckpointError(.missingRecord, "")) {
      try Checkpoint(ranks: [checkpoint("ranks/dtensors/net.rank0.pt"), checkpoint("ranks/dtensors/net.rank1.pt")])
    }
    #expect(error?.message.hasPrefix("model.rows:") == true)
  }

  // MARK: - DeepSpeed

  @Test("A ZeRO folder is opened by itself and by the folder that has latest; what is no weight is listed")
  func zero() throws {
    for name in ["zero/stage2", "zero/stage2/global_step3"] {
      let checkpoint = try checkpoint(name)
      #expect(checkpoint.format == .zero)
      #expect(checkpoint.marks.first { $0.name == "zero_stage" }?.value == .integer(2))
      #expect(checkpoint.marks.first { $0.name == "ranks" }?.value == .integer(4))
      let stateDict = try checkpoint.stateDict()
      #expect(stateDict.ties == [["embed.weight", "head.weight"]])
      let names = stateDict.metadata.leftOut.map(\.name)
      #expect(names.contains("mp_rank_00_model_states.pt/module.fc.weight"))
      #expect(names.contains { $0.hasPrefix("bf16_zero_pp_rank_3_") && $0.hasSuffix(".state.0.exp_avg") })
      #expect(!names.contains { $0.contains("running_mean") || $0.contains("fp32_groups") })
    }
  }

  @Test("Weights of stage 3 are written from the parts of all ranks")
  func zeroWritten() throws {
    let folder = try TemporaryFolder()
    let stateDict = try checkpoint("zero/stage3").stateDict()
    try stateDict.write(toPath: folder.path("m.safetensors"))
    let written = try StateDict(contentsOf: folder.url.appending(path: "m.safetensors"))
    #expect(try written.fingerprint() == stateDict.fingerprint())
  }

  @Test("latest that names nothing is an error that says so")
  func latest() throws {
    let folder = try TemporaryFolder(["latest": Array("global_step9\n".utf8)])
    let error = #expect(throws: CheckpointError(.missingRecord, "")) { try Checkpoint(path: folder.url.path) }
    #expect(error?.message.contains("global_step9") == true)
    let nested = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: nested.path("latest"), withIntermediateDirectories: false)
    #expect(throws: CheckpointError(.isDirectory, "")) { try Checkpoint(path: nested.url.path) }
    let outside = try TemporaryFolder(["latest": Array("../elsewhere".utf8)])
    #expect(throws: CheckpointError(.isDirectory, "")) { try Checkpoint(path: outside.url.path) }
  }
}

/// ZeRO folders that contradict themselves.
@Suite("Broken ZeRO folders")
struct BrokenZeroTests {
  private static func size(_ numbers: [Int]) -> [UInt8] {
    PickleBytes.call(
      PickleBytes.global("torch", "Size"),
      Array("(".utf8) + numbers.flatMap { PickleBytes.integer($0) } + Array("t".utf8))
  }

  private static func vector(_ size: [UInt8], _ stride: [UInt8]) -> [UInt8] {
    PickleBytes.tensor(PickleBytes.storage("0", count: 4), size: size, stride: stride)
  }

  /// A folder of one rank with a vector of four numbers, the weight `w`.
  private static func folder(
    stage: Int = 2, count: Int = 1, shape: [Int] = [2, 2], vector: [UInt8] = PickleBytes.vector,
    groups: Int = 1, key: String = "single_partition_of_fp32_groups", extra: String? = nil
  ) -> [String: [UInt8]] {
    let model = PickleBytes.dict(
      ("module", PickleBytes.dict()), ("buffer_names", PickleBytes.list()),
      ("param_shapes", PickleBytes.list(PickleBytes.dict(("w", size(shape))))))
    let items = Array("](".utf8) + (0..<groups).flatMap { _ in vector } + Array("e".utf8)
    let state = PickleBytes.dict(
      (
        "optimizer_state_dict",
        PickleBytes.dict(
          ("zero_stage", PickleBytes.integer(stage)), ("partition_count", PickleBytes.integer(count)), (key, items))
      ))
    var files = [
      "mp_rank_00_model_states.pt": FileBytes.torch(model),
      "zero_pp_rank_0_mp_rank_00_optim_states.pt": FileBytes.torch(state, storages: [("0", FileBytes.floats(4))]),
    ]
    if let extra { files[extra] = FileBytes.torch(state) }
    return files
  }

  static let folders: [(String, CheckpointError.Code, [String: [UInt8]])] = [
    ("fewer files than parts", .missingRecord, folder(count: 2)),
    ("more files than parts", .missingRecord, folder(extra: "zero_pp_rank_1_mp_rank_00_optim_states.pt")),
    ("a shape beyond the vector", .missingRecord, folder(shape: [5])),
    ("a shape beyond 2^63", .malformedTensor, folder(shape: [1 << 40, 1 << 40])),
    ("a negative shape", .malformedTensor, folder(shape: [-2, 2])),
    ("a vector that is longer than all shapes", .malformedTensor, folder(shape: [1])),
    ("two vectors for one group of shapes", .malformedTensor, folder(groups: 2)),
    (
      "a matrix in place of a vector", .malformedTensor,
      folder(vector: vector(PickleBytes.numbers(2, 2), PickleBytes.numbers(2, 1)))
    ),
    ("no vector", .malformedTensor, folder(vector: PickleBytes.integer(4))),
    (
      "a vector that repeats one number", .malformedTensor,
      folder(shape: [1 << 20], vector: vector(PickleBytes.numbers(1 << 20), PickleBytes.numbers(0)))
    ),
    ("stage 4", .unsupported, folder(stage: 4)),
    ("stage 3 under the key of stage 2", .malformedTensor, folder(stage: 3)),
    ("a count of parts of -1", .missingRecord, folder(count: -1)),
    (
      "no model state", .missingRecord,
      folder().filter { $0.key != "mp_rank_00_model_states.pt" }
    ),
    (
      "a model state that is none", .unsupported,
      folder().merging(["mp_rank_00_model_states.pt": FileBytes.torch(PickleBytes.dict())]) { $1 }
    ),
    (
      "an optimizer without stages", .unsupported,
      folder().merging(["zero_pp_rank_0_mp_rank_00_optim_states.pt": FileBytes.torch(PickleBytes.dict())]) { $1 }
    ),
  ]

  @Test("A folder built the same way opens")
  func sound() throws {
    let files = try TemporaryFolder(Self.folder())
    let tensor = try #require(Checkpoint(path: files.url.path).tensors.first?.tensor)
    #expect(tensor.shape == [2, 2])
    #expect(try [Float](tensor) == [0, 1, 2, 3])
    let three = try TemporaryFolder(Self.folder(stage: 3, key: "fp32_flat_groups"))
    #expect(try Checkpoint(path: three.url.path).tensors.map(\.name) == ["w"])
  }

  @Test("ZeRO folders are refused for", arguments: folders)
  func broken(_ name: String, _ code: CheckpointError.Code, _ files: [String: [UInt8]]) throws {
    let folder = try TemporaryFolder(files)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.url.path) }
    #expect(error?.code == code, "\(name): \(error.map { "\($0)" } ?? "nothing was refused")")
  }
}
