import Foundation
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// `kill -9` at random points of a conversion, for each writer: the target is the old one, absent, or whole.
///
/// `make test-kill` kills each 200 times.
@Suite(.serialized) struct KillTests {
  private static let count = ProcessInfo.processInfo.environment["PTH2SWT_KILLS"].flatMap { Int($0) } ?? 3

  /// The command that is killed, such as an optimized one.
  private static var program: String {
    get throws { try ProcessInfo.processInfo.environment["PTH2SWT_PROGRAM"] ?? Command.path }
  }

  /// A writer: its output's name, and the options.
  struct Writer: CustomTestStringConvertible, Sendable {
    let name: String
    var options: [String] = []
    /// Whether an older output is there.
    var isOver = false

    var isFolder: Bool { options.contains("--max-shard-size") }
    var isResumed: Bool { options.contains("--resume") }
    var testDescription: String { ([name] + options + (isOver ? ["over an old one"] : [])).joined(separator: " ") }
  }

  private static let shards = ["--max-shard-size", "3MB"]

  static let writers = [
    Writer(name: "m.swt"), Writer(name: "m.safetensors", isOver: true), Writer(name: "m.pth"), Writer(name: "m.npz"),
    Writer(name: "m.npy"), Writer(name: "m.pth", isOver: true), Writer(name: "folder", options: shards),
    Writer(name: "folder", options: shards, isOver: true), Writer(name: "folder", options: shards + ["--resume"]),
  ]

  /// A safetensors file of several tensors of 2 MB, or of one.
  private func input(_ folder: TemporaryFolder, count: Int) throws -> String {
    let size = 2 << 20
    let rows = (0..<count).map {
      #""t\#($0)":{"dtype":"U8","shape":[\#(size)],"data_offsets":[\#($0 * size),\#(($0 + 1) * size)]}"#
    }
    let header = Array("{\(rows.joined(separator: ","))}".utf8)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) } + header
    var state: UInt64 = 88_172_645_463_325_252
    for _ in 0..<count * size / 8 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: state >> UInt64(8 * place))) }
    }
    try folder.write(bytes, "input.safetensors")
    return folder.path("input.safetensors")
  }

  private func files(_ path: String) -> [String: Data] {
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [:] }
    guard isFolder.boolValue else { return ["": FileManager.default.contents(atPath: path) ?? Data()] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return Dictionary(
      names.map { ($0, FileManager.default.contents(atPath: path + "/" + $0) ?? Data()) }, uniquingKeysWith: { $1 })
  }

  @Test("kill -9 leaves the old output, none, or the whole one", arguments: writers)
  func kills(_ writer: Writer) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let input = try input(folder, count: writer.name == "m.npy" ? 1 : 6)
    let work = folder.url.appending(path: "work")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: false)
    let output = work.appending(path: writer.name).path
    let arguments = ["convert"] + writer.options + (writer.isOver ? ["--force"] : []) + [input, output]
    let start = ContinuousClock.now
    try #require(ChildRun(Self.program, arguments).end().code == 0)
    let duration = (ContinuousClock.now - start).components
    let microseconds = Double(duration.seconds) * 1e6 + Double(duration.attoseconds) / 1e12
    let whole = files(output)
    // What stands there before each run.
    var old = whole
    if writer.isOver {
      let other = ["convert", "--force"] + (writer.isFolder ? ["--max-shard-size", "100"] : [])
      let fixture = fixturePath("zip_tensors/tied_two_views.pth")
      try #require(ChildRun(Self.program, other + [fixture, output]).end().code == 0)
      old = files(output)
    }
    var endings = ["old or none": 0, "part of a folder": 0, "whole": 0]
    for _ in 0..<Self.count {
      try? FileManager.default.removeItem(atPath: output)
      if writer.isOver { try restore(old, to: output) }
      let run = try ChildRun(Self.program, arguments)
      usleep(UInt32.random(in: 0...UInt32(microseconds * 1.1)))
      run.send(SIGKILL)
      _ = try run.end()
      let found = files(output)
      let others = try FileManager.default.contentsOfDirectory(atPath: work.path).filter { $0 != writer.name }
      // Between the first name and the last a new folder is a hidden one.
      #expect(others.allSatisfy { writer.isFolder && $0.hasPrefix(".folder.") }, "\(others)")
      if !others.isEmpty { endings["hidden folder", default: 0] += 1 }
      for name in others { try FileManager.default.removeItem(at: work.appending(path: name)) }
      if found == whole {
        endings["whole", default: 0] += 1
      } else if found == (writer.isOver ? old : [:]) {
        endings["old or none", default: 0] += 1
      } else {
        endings["part of a folder", default: 0] += 1
        // Without an index nothing is a checkpoint; what has a new shard's name is that shard.
        #expect(writer.isFolder && (writer.isOver || writer.isResumed))
        #expect(!found.keys.contains { $0.hasSuffix("index.json") })
        #expect(found.allSatisfy { $0.value == whole[$0.key] || $0.value == old[$0.key] })
      }
      if writer.isResumed {
        #expect(try ChildRun(Self.program, arguments).end().code == 0)
        #expect(files(output) == whole)
      }
    }
    if Self.count > 3 { print("\(writer.testDescription): \(endings)") }
  }

  private func restore(_ files: [String: Data], to path: String) throws {
    if let file = files[""] { return try file.write(to: URL(fileURLWithPath: path)) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, data) in files { try data.write(to: URL(fileURLWithPath: path + "/" + name)) }
  }
}
