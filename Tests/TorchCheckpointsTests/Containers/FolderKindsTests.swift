import Foundation
import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Folders as people have them")
struct FolderKindsTests {
  private static let shard = FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)))
  private static let other = FileBytes.torch(PickleBytes.dict(("v", PickleBytes.vector)))

  /// A folder of these files, those in folders below it too.
  private func folder(_ files: [String: [UInt8]]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, bytes) in files {
      let parent = folder.url.appendingPathComponent(name).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try folder.write(bytes, name)
    }
    return folder
  }

  private func names(_ folder: TemporaryFolder, _ name: String = "") throws -> [String] {
    try Checkpoint(path: folder.path(name)).tensors.map(\.name)
  }

  private func refusal(_ folder: TemporaryFolder, _ name: String = "") throws -> CheckpointError {
    try #require(#expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path(name)) })
  }

  private func index(_ map: String, mark: Bool = false) -> [UInt8] {
    (mark ? [0xEF, 0xBB, 0xBF] : []) + Array(#"{"weight_map": {\#(map)}}"#.utf8)
  }

  // MARK: - Shards

  @Test("Shards may lie below the index, and its paths may begin with ./")
  func subfolders() throws {
    let folder = try folder([
      "pytorch_model.bin.index.json": index(#""w": "part/one/x.bin", "v": "./part/y.bin""#),
      "part/one/x.bin": Self.shard,
      "part/y.bin": Self.other,
    ])
    #expect(Set(try names(folder)) == ["w", "v"])
    #expect(Set(try names(folder, "pytorch_model.bin.index.json")) == ["w", "v"])
    try FileManager.default.removeItem(atPath: folder.path("part/y.bin"))
    let error = try refusal(folder)
    #expect(error.code == .missingRecord)
    #expect(error.message == "1 of 2 shards are missing: part/y.bin.")
  }

  @Test("An index may have a byte order mark, in whatever way it is reached")
  func byteOrderMark() throws {
    let folder = try folder(["model.safetensors.index.json": index(#""w": "x.bin""#, mark: true), "x.bin": Self.shard])
    #expect(try names(folder) == ["w"])
    #expect(try names(folder, "model.safetensors.index.json") == ["w"])
  }

  @Test("The plain comes before variants, safetensors before bin, one file before shards")
  func order() {
    let names = [
      "model.safetensors", "model.safetensors.index.json", "other.safetensors.index.json", "pytorch_model.bin",
      "pytorch_model.bin.index.json", "model.fp16.safetensors", "model.safetensors.index.fp16.json",
      "pytorch_model.fp16.bin", "pytorch_model.bin.index.fp16.json",
    ]
    #expect(names.shuffled().compactMap(UsualName.init).sorted().map(\.name) == names)
    for name in [
      "model-00001-of-00002.safetensors", "model.bin.json", "config.json", "model.a.b.bin", "x.fp16.bin", "",
    ] {
      #expect(UsualName(name) == nil, "\(name)")
    }
  }

  @Test("A variant is taken where it is the only one, and asked for where there are two")
  func variants() throws {
    let files = ["model.safetensors.index.fp16.json": index(#""w": "x.bin""#), "x.bin": Self.shard]
    let folder = try folder(files)
    #expect(try names(folder) == ["w"])
    try folder.write(index(#""v": "y.bin""#), "model.safetensors.index.bf16.json")
    let error = try refusal(folder)
    #expect(error.code == .isDirectory)
    #expect(error.message.contains("several variants"))
    #expect(try names(folder, "model.safetensors.index.fp16.json") == ["w"])
    try folder.write(Self.other, "pytorch_model.bin")
    #expect(try names(folder) == ["v"])
  }

  @Test("Shards without their index, and checkpoints further down, are named")
  func noIndex() throws {
    let empty = PickleBytes.little(UInt64(2)) + Array("{}".utf8)
    let shards = try folder(["model-00001-of-00002.safetensors": empty, "model-00002-of-00002.safetensors": empty])
    #expect(try refusal(shards).message.hasPrefix("The index of these shards is missing"))
    let pipeline = try folder([
      "unet/model.safetensors": Self.shard, "vae/a/pytorch_model.bin": Self.shard, "x.json": [1],
    ])
    let error = try refusal(pipeline)
    #expect(error.code == .isDirectory)
    #expect(error.message.contains(pipeline.path("unet")) && error.message.contains(pipeline.path("vae/a")))
  }

  @Test("A link that leads nowhere is named with what it should lead to")
  func danglingLinks() throws {
    let folder = try folder(["pytorch_model.bin.index.json": index(#""w": "x.bin""#)])
    try FileManager.default.createSymbolicLink(atPath: folder.path("x.bin"), withDestinationPath: "../blobs/f00d")
    let file = try refusal(folder, "x.bin")
    #expect(file.code == .notFound)
    #expect(file.message == "Broken link: ../blobs/f00d does not exist.")
    let shard = try refusal(folder)
    #expect(shard.code == .missingRecord)
    #expect(shard.message.contains("x.bin (a broken link to ../blobs/f00d)"))
    try FileManager.default.removeItem(atPath: folder.path("x.bin"))
    try folder.write(Self.shard, "blob")
    try FileManager.default.createSymbolicLink(atPath: folder.path("x.bin"), withDestinationPath: "blob")
    #expect(try names(folder) == ["w"])
  }

  // MARK: - Unpacked archives

  private static func unpacked(_ root: String, order: String? = nil) -> [String: [UInt8]] {
    var files = [
      "\(root)data.pkl": PickleBytes.whole(PickleBytes.dict(("w", PickleBytes.vector))),
      "\(root)data/0": [0, 0, 0x80, 0x3F] + [UInt8](repeating: 0, count: 12),
    ]
    if let order { files["\(root)byteorder"] = Array(order.utf8) }
    return files
  }

  @Test("A checkpoint that was unpacked is read, with or without its marks, wherever in the folder it lies")
  func unpackedFolder() throws {
    for (root, order) in [("", nil), ("", "little"), ("m/", "little"), ("a/b/", nil)] {
      let hidden: [String: [UInt8]] = [".DS_Store": [1], "__MACOSX/x": [1], "\(root)data/.DS_Store": [1]]
      let folder = try folder(Self.unpacked(root, order: order).merging(hidden) { old, _ in old })
      let checkpoint = try Checkpoint(path: folder.url.path)
      #expect(checkpoint.tensors.map(\.name) == ["w"])
      #expect(try [Float](checkpoint.tensors[0].tensor) == [1, 0, 0, 0])
      #expect(checkpoint.byteCount == 16 + Self.unpacked("")["data.pkl"]!.count)
      #expect(try checkpoint.verify().withoutChecksum == 1)
    }
  }

  @Test("The byte order is read as in the archive")
  func byteOrders() throws {
    let big = try folder(Self.unpacked("", order: "big\n"))
    #expect(try [Float](Checkpoint(path: big.url.path).tensors[0].tensor).map(\.bitPattern) == [0x0000_803F, 0, 0, 0])
    let none = try folder(Self.unpacked("", order: "middle"))
    #expect(try refusal(none).code == .malformedArchive)
  }

  @Test("Of two unpacked ones none is chosen")
  func two() throws {
    let folder = try folder(Self.unpacked("a/").merging(Self.unpacked("b/")) { old, _ in old })
    #expect(try refusal(folder).code == .isDirectory)
    #expect(try names(folder, "b") == ["w"])
  }

  @Test("A storage without its file, one that is too short, and one outside of the folder are refused")
  func broken() throws {
    var files = Self.unpacked("")
    files["data/0"] = [0, 0, 0x80]
    #expect(try refusal(folder(files)).code == .missingRecord)
    files["data/0"] = nil
    files["version"] = [0x33]
    #expect(try refusal(folder(files)).code == .missingRecord)
    for key in ["../x", "..", "", "a/b"] {
      let tensor = PickleBytes.tensor(
        PickleBytes.storage(key, count: 4), size: PickleBytes.numbers(4), stride: PickleBytes.numbers(1))
      files["data.pkl"] = PickleBytes.whole(PickleBytes.dict(("w", tensor)))
      #expect(try refusal(folder(files)).code == .malformedTensor, "\(key)")
    }
  }

  @Test("The data.pkl alone says what it is a part of")
  func pickleAlone() throws {
    let error = try refusal(folder(Self.unpacked("")), "data.pkl")
    #expect(error.code == .missingRecord)
    #expect(error.remedy?.contains("unpacked archive") == true)
  }
}
