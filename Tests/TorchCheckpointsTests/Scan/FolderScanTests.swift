import Foundation
import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("All files below a folder")
struct FolderScanTests {
  private typealias Make = PickleBytes

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder(["readme.txt": Array("a text".utf8), "empty": []])
    for name in ["a", "b", "b/c"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
    try folder.write(FileBytes.torch(Make.dict(("w", Make.vector))), "a/sound.pth")
    try folder.write(Make.whole(Make.global("mypkg", "Net") + bytes(")R")), "b/c/unknown.pkl")
    return folder
  }

  @Test("files come by path, each with what it comes to; links are not followed")
  func files() throws {
    let folder = try folder()
    try FileManager.default.createSymbolicLink(atPath: folder.path("b/loop"), withDestinationPath: folder.url.path)
    let sound = folder.path("a/sound.pth")
    try FileManager.default.createSymbolicLink(atPath: folder.path("z"), withDestinationPath: sound)
    var told: [String] = []
    let report = try Checkpoint.scan(folder: folder.url.path) { told.append($0.file) }
    let names = report.files.map { String($0.file.dropFirst(folder.url.path.count + 1)) }
    #expect(names == ["a/sound.pth", "b/c/unknown.pkl", "empty", "readme.txt"])
    #expect(told == report.files.map(\.file))
    #expect(report.files.map(\.outcome) == [.clean, .unknown, .notACheckpoint, .notACheckpoint])
    #expect(report.passedOver == 2 && report.count(of: .notACheckpoint) == 2)
  }

  @Test("what is dangerous or broken is said of its file, and the others are looked through")
  func dangerous() throws {
    let folder = try folder()
    try folder.write(Make.whole(Make.global("os", "system") + bytes(")R")), "b/evil.pkl")
    try folder.write([0x80, 2] + Make.global("mypkg", "Net") + [0xFF], "b/broken.pkl")
    let report = try Checkpoint.scan(folder: folder.url.path)
    #expect(report.files.map(\.outcome) == [.clean, .broken, .unknown, .dangerous, .notACheckpoint, .notACheckpoint])
  }

  @Test("folders nested beyond the limit are refused")
  func deep() throws {
    let folder = try TemporaryFolder()
    let path = Array(repeating: "d", count: FolderWalk.depthLimit + 1).joined(separator: "/")
    try FileManager.default.createDirectory(atPath: folder.path(path), withIntermediateDirectories: true)
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint.scan(folder: folder.url.path) }
  }

  @Test("no fixture becomes dangerous that torch's own code wrote")
  func fixtures() throws {
    let report = try Checkpoint.scan(folder: ExpectedRow.fixtures.appending(path: "fixtures").path)
    #expect(report.files.filter { $0.outcome == .dangerous }.map(\.file) == [])
    #expect(report.count(of: .clean) > 200)
  }
}
