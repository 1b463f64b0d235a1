import Foundation
import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Checkpoints below a folder")
struct FolderWalkTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder(["readme.txt": Array("a text".utf8)])
  }

  private func copy(_ fixture: String, _ name: String) throws {
    let source = ExpectedRow.fixtures.appending(path: "fixtures/" + fixture).path
    try FileManager.default.copyItem(atPath: source, toPath: folder.path(name))
  }

  /// What a walk comes by, below the root; a folder that is one checkpoint with a slash.
  private func places(joinsFiles: Bool = true, leavingOut: String? = nil) throws -> [String] {
    var walk = try FolderWalk(
      FilePath(folder.url.path), joinsFiles: joinsFiles, leavingOut: leavingOut.map { FilePath(folder.path($0)) })
    var found: [String] = []
    while let place = try walk.next() {
      found.append(place.path.description.dropFirst(folder.url.path.count + 1) + (place.isCheckpoint ? "/" : ""))
    }
    return found
  }

  @Test(
    "a folder of several files that are one checkpoint is one place",
    arguments: [
      "shards/safetensors", "shards/bin", "shards/index_sorted", "distributed/plain", "distributed/rank_local",
      "distributed/safetensors", "distributed/safetensors_items",
    ])
  func joined(_ fixture: String) throws {
    try copy(fixture, "c")
    try folder.write([1], "c/zzz.dat")
    #expect(try places() == ["c/", "c/zzz.dat", "readme.txt"])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("c"))
    #expect(try places(joinsFiles: false) == files.sorted().map { "c/" + $0 } + ["readme.txt"])
    #expect(try places(leavingOut: "c") == ["readme.txt"])
  }

  @Test("ZeRO's folder is one place, and the file that names it another")
  func zero() throws {
    try copy("zero/stage2", "z")
    #expect(try places() == ["readme.txt", "z/global_step3/", "z/latest"])
  }

  @Test("files beside an index that it does not list are places of their own, and so is a second index")
  func beside() throws {
    try copy("shards/safetensors", "c")
    for name in [
      "pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
    ] {
      try copy("shards/bin/" + name, "c/" + name)
    }
    try copy("state_dicts/module.pth", "c/ema.pth")
    #expect(try places() == ["c/", "c/ema.pth", "c/pytorch_model.bin.index.json", "readme.txt"])
  }

  @Test("a single file under the usual name is a file, and comes before an index")
  func usualName() throws {
    try copy("shards/safetensors", "c")
    try copy("safetensors_files/state_dict.safetensors", "c/model.safetensors")
    #expect(try places() == ["c/model.safetensors", "c/model.safetensors.index.json", "readme.txt"])
  }

  @Test("an index that cannot be read joins nothing")
  func brokenIndex() throws {
    try copy("shards/safetensors", "c")
    try folder.write("{\"weight_map\": 3".utf8, "c/model.safetensors.index.json")
    #expect(try places().count == 4)
  }

  @Test("a folder that lies too deep is an error, and the walk goes on behind it")
  func deep() throws {
    let path = Array(repeating: "d", count: FolderWalk.depthLimit + 1).joined(separator: "/")
    try FileManager.default.createDirectory(atPath: folder.path(path), withIntermediateDirectories: true)
    var walk = try FolderWalk(FilePath(folder.url.path), joinsFiles: true)
    #expect(throws: CheckpointError(.limitExceeded, "")) { _ = try walk.next() }
    #expect(try walk.next()?.path.description.hasSuffix("readme.txt") == true)
    #expect(try walk.next()?.path == nil)
  }
}
