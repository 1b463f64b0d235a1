import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// A folder that is wrong in one way.
struct BrokenFolder: Sendable, CustomTestStringConvertible {
  let what: String
  let code: CheckpointError.Code
  let files: [String: [UInt8]]

  init(_ what: String, _ code: CheckpointError.Code, _ files: [String: [UInt8]]) {
    self.what = what
    self.code = code
    self.files = files
  }

  var testDescription: String { what }
}

@Suite("Broken folders, named by what is wrong")
struct BrokenFoldersTests {
  // MARK: - Shards

  private static let shard = FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)))

  private static func shards(_ index: String, _ more: [String: [UInt8]] = [:]) -> [String: [UInt8]] {
    ["pytorch_model.bin.index.json": Array(index.utf8), "a.bin": shard].merging(more) { _, new in new }
  }

  static let shardFolders: [BrokenFolder] = [
    BrokenFolder("an index that is no JSON", .malformedHeader, shards("{")),
    BrokenFolder("an index without a map", .notACheckpoint, shards("{}")),
    BrokenFolder("a map that is a list", .notACheckpoint, shards(#"{"weight_map": ["w"]}"#)),
    BrokenFolder("a tensor in no file", .malformedHeader, shards(#"{"weight_map": {"w": 1}}"#)),
    BrokenFolder("a file above the folder", .malformedHeader, shards(#"{"weight_map": {"w": "../a.bin"}}"#)),
    BrokenFolder("a file at the root of the disk", .malformedHeader, shards(#"{"weight_map": {"w": "/a.bin"}}"#)),
    BrokenFolder("a shard that is not there", .missingRecord, shards(#"{"weight_map": {"w": "b.bin"}}"#)),
    BrokenFolder("a tensor that is not there", .missingRecord, shards(#"{"weight_map": {"v": "a.bin"}}"#)),
    BrokenFolder(
      "a shard that is the index itself", .notACheckpoint,
      shards(#"{"weight_map": {"w": "pytorch_model.bin.index.json"}}"#)),
    BrokenFolder(
      "a shard that is cut short", .truncated,
      shards(#"{"weight_map": {"w": "a.bin"}}"#, ["a.bin": Array(shard.prefix(100))])),
    BrokenFolder("nothing that is known", .isDirectory, ["readme.txt": [1]]),
  ]

  // MARK: - torch.distributed.checkpoint

  private static let module = "torch.distributed.checkpoint.metadata"

  private static func size(_ numbers: [Int]) -> [UInt8] {
    PickleBytes.call(
      PickleBytes.global("torch", "Size"),
      Array("(".utf8) + numbers.flatMap { PickleBytes.integer($0) } + Array("t".utf8))
  }

  private static let item = FileBytes.torch(PickleBytes.vector)

  /// A folder of one tensor `w`, whose chunks lie one after another in one file.
  private static func distributed(
    size whole: [Int] = [8], chunks: [(offset: Int, size: Int)] = [(0, 4), (4, 4)], file: String = "__0_0.distcp",
    length: Int = item.count, dtype: String = "float32", transforms: [UInt8] = Array("]".utf8),
    extra: [UInt8] = PickleBytes.none
  ) -> [String: [UInt8]] {
    let properties = PickleBytes.object(
      module, "TensorProperties",
      state: PickleBytes.tuple(PickleBytes.global("torch", dtype), PickleBytes.none, PickleBytes.no))
    let listed = chunks.flatMap { chunk in
      PickleBytes.object(
        module, "ChunkStorageMetadata",
        state: PickleBytes.dict(("offsets", size([chunk.offset])), ("sizes", size([chunk.size]))))
    }
    let tensor = PickleBytes.object(
      module, "TensorStorageMetadata",
      state: PickleBytes.dict(
        ("properties", properties), ("size", size(whole)), ("chunks", Array("](".utf8) + listed + Array("e".utf8))))
    let places = chunks.enumerated().flatMap { number, chunk in
      PickleBytes.object(
        module, "MetadataIndex",
        state: PickleBytes.dict(("fqn", PickleBytes.text("w")), ("offset", size([chunk.offset]))))
        + PickleBytes.object(
          "torch.distributed.checkpoint.filesystem", "_StorageInfo",
          state: PickleBytes.dict(
            ("relative_path", PickleBytes.text(file)), ("offset", PickleBytes.integer(number * item.count)),
            ("length", PickleBytes.integer(length)), ("transform_descriptors", transforms)))
    }
    let metadata = PickleBytes.object(
      module, "Metadata",
      state: PickleBytes.dict(
        ("state_dict_metadata", PickleBytes.dict(("w", tensor))),
        ("storage_data", Array("}(".utf8) + places + Array("u".utf8)), ("planner_data", extra)))
    return [".metadata": PickleBytes.whole(metadata), "__0_0.distcp": item + item]
  }

  static let distributedFolders: [BrokenFolder] = [
    BrokenFolder(
      "metadata that is something else", .malformedHeader, [".metadata": PickleBytes.whole(PickleBytes.dict())]),
    BrokenFolder("metadata that is cut short", .malformedPickle, [".metadata": [0x80, 2]]),
    BrokenFolder(
      "metadata that would run code", .dangerousGlobal,
      distributed(extra: PickleBytes.call(PickleBytes.global("posix", "system"), PickleBytes.text("true")))),
    BrokenFolder("a file that is not there", .missingRecord, distributed(file: "__1_0.distcp")),
    BrokenFolder("a file above the folder", .malformedHeader, distributed(file: "../__0_0.distcp")),
    BrokenFolder("a part beyond its file", .truncated, distributed(length: 1 << 40)),
    BrokenFolder("a part of a negative length", .truncated, distributed(length: -1)),
    BrokenFolder("a part of too few bytes", .truncated, distributed(length: item.count - 30)),
    BrokenFolder("a hole", .missingRecord, distributed(size: [9])),
    BrokenFolder("a chunk beyond the tensor", .malformedTensor, distributed(size: [7])),
    BrokenFolder("chunks that overlap", .malformedTensor, distributed(size: [8], chunks: [(0, 4), (2, 4)])),
    BrokenFolder("a chunk of another size than its part", .malformedTensor, distributed(chunks: [(0, 4), (4, 3)])),
    BrokenFolder("chunks of another type", .malformedTensor, distributed(dtype: "float64")),
    BrokenFolder("a dtype that is none", .malformedHeader, distributed(dtype: "float99")),
    BrokenFolder("a size of -8", .malformedTensor, distributed(size: [-8])),
    BrokenFolder(
      "parts that were compressed", .unsupported,
      distributed(transforms: PickleBytes.list(PickleBytes.text("stream.zstd")))),
  ]

  @Test("Folders built the same way open: what is refused below is refused for its one fault")
  func soundFolders() throws {
    let shards = try TemporaryFolder(Self.shards(#"{"weight_map": {"w": "a.bin"}}"#))
    #expect(try Checkpoint(path: shards.url.path).tensors.map(\.name) == ["w"])
    let parts = try TemporaryFolder(Self.distributed())
    let tensor = try #require(Checkpoint(path: parts.url.path).tensors.first?.tensor)
    #expect(try [Float](tensor) == [Float](repeating: 0, count: 8))
  }

  @Test("Shards are refused for", arguments: shardFolders)
  func brokenShards(_ folder: BrokenFolder) throws { try expectRefusal(folder) }

  @Test("Distributed checkpoints are refused for", arguments: distributedFolders)
  func brokenDistributed(_ folder: BrokenFolder) throws { try expectRefusal(folder) }

  private func expectRefusal(_ folder: BrokenFolder) throws {
    let files = try TemporaryFolder(folder.files)
    let error = #expect(throws: CheckpointError.self) {
      for item in try Checkpoint(path: files.url.path).tensors { try item.tensor.contiguous().readAll() }
    }
    #expect(error?.code == folder.code, "\(error.map { "\($0)" } ?? "nothing was refused")")
  }
}
