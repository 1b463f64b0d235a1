import Foundation
import Testing

@testable import StateDicts

/// Shards as Hugging Face's libraries cut and name them.
struct ShardTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var options: WriteOptions { options() }

  private func options(of byteCount: Int = 16, overwrites: Bool = false) -> WriteOptions {
    var options = WriteOptions(overwrites: overwrites)
    options.maxShardByteCount = byteCount
    return options
  }

  private struct Index: Decodable {
    let metadata: [String: Value]
    let weightMap: [String: String]

    enum CodingKeys: String, CodingKey {
      case metadata
      case weightMap = "weight_map"
    }
  }

  private enum Value: Decodable, Equatable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      self = try (try? .number(container.decode(Int.self))) ?? .text(container.decode(String.self))
    }
  }

  private func index() throws -> Index {
    try JSONDecoder().decode(Index.self, from: Data(folder.contents("out/model.safetensors.index.json")))
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
  }

  /// 8 bytes, 24 (larger than a shard), 8, 4 and a tie.
  private func stateDict() throws -> StateDict {
    let tied = try floats([1, 2])
    return try StateDict([
      ("a", tied), ("large", floats([1, 2, 3, 4, 5, 6])), ("b", floats([3, 4])), ("c", floats([5])), ("a.tied", tied),
    ])
  }

  @Test("a large tensor has a shard of its own, others fill shards in order, a tie goes with its first name")
  func cut() throws {
    let report = try stateDict().write(toPath: folder.path("out"), options: options)
    let files = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
    #expect(report.files == files + ["model.safetensors.index.json"])
    #expect(try names() == report.files)
    let index = try index()
    #expect(index.weightMap == ["large": files[0], "a": files[1], "b": files[1], "c": files[2]])
    #expect(index.metadata == ["total_size": .number(44), "a.tied": .text("a")])
    let second = try StateDict(contentsOf: folder.url.appending(path: "out/\(files[1])"))
    #expect(second.names == ["a", "b", "a.tied"] && second.ties == [["a", "a.tied"]])
    #expect(try second["b"]?.gathered == littleEndian([3, 4] as [Float]))
  }

  @Test("what fits one shard has no index")
  func single() throws {
    let report = try stateDict().write(toPath: folder.path("out"), options: options(of: 1000))
    #expect(report.files == ["model.safetensors"])
    #expect(try names() == ["model.safetensors"])
  }

  @Test("a folder that is not empty is kept, unless it is overwritten; then an earlier save goes, other files stay")
  func overwriting() throws {
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: true)
    let others = ["config.json", "model.safetensors.backup", "model-1-of-2.safetensors", "my-model.safetensors"]
    let stale = ["model.safetensors", "model-00007-of-00009.safetensors", "model.safetensors.index.json"]
    for name in others + stale { try folder.write([1], "out/\(name)") }
    let error = #expect(throws: CheckpointError(.outputExists, "")) {
      try stateDict().write(toPath: folder.path("out"), options: options)
    }
    #expect(error?.remedy?.contains("--force") == true)
    #expect(try names() == (others + stale).sorted())
    let report = try stateDict().write(toPath: folder.path("out"), options: options(overwrites: true))
    #expect(try names() == (others + report.files).sorted())
    #expect(try index().weightMap.count == 4)
  }

  @Test("a shard that fails leaves the folder as it was: the old save, or nothing")
  func failure() throws {
    let damaged = Storage(
      .region(ByteStore(copying: [0, 0, 0, 0]), offset: 0), byteCount: 4, key: "0", checksum: Checksum(7),
      origin: .memory)
    let broken = try StateDict([
      ("a", floats([1, 2, 3, 4])), ("b", floats([1, 2, 3, 4])), ("c", view(damaged, .float32, [1])),
    ])
    #expect(throws: CheckpointError(.checksumMismatch, "")) {
      try broken.write(toPath: folder.path("out"), options: options)
    }
    #expect(try folder.names.isEmpty)
    try stateDict().write(toPath: folder.path("out"), options: options)
    let before = try names()
    #expect(throws: CheckpointError(.checksumMismatch, "")) {
      try broken.write(toPath: folder.path("out"), options: options(overwrites: true))
    }
    #expect(try names() == before && index().weightMap.count == 4)
  }

  @Test("a file in the folder's place is not replaced")
  func file() throws {
    try folder.write([1], "out")
    #expect(throws: CheckpointError(.cannotCreate, "")) {
      try stateDict().write(toPath: folder.path("out"), options: options(overwrites: true))
    }
    #expect(try folder.contents("out") == [1])
  }
}
