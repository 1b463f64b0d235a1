import Foundation
import StateDicts
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A conversion that is ended midway leaves the target as it was: absent, or the old file.
@Suite(.serialized) struct InterruptionTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Whether the program has begun to write: on Linux, whether a file that it holds open has grown.
  private func isWriting(_ run: ChildRun) -> Bool {
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(run.process)/fd")) ?? []
    return descriptors.contains { number in
      let link = "/proc/\(run.process)/fd/\(number)"
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
        target.hasPrefix(folder.url.path), !target.hasSuffix("m.safetensors")
      else { return false }
      var status = stat()
      return unsafe stat(link, &status) == 0 && status.st_size > 1 << 20
    }
  }

  @Test(
    "SIGINT, SIGTERM, SIGHUP and kill -9 leave neither a half file nor a temporary one",
    arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
  func signals(_ number: Int32) throws {
    defer { folder.remove() }
    let input = try folder.largeInput(byteCount: 512 << 20)
    for old in [nil, "precious"] {
      if let old { _ = try folder.file("m.swt", old) }
      let run = try ChildRun(Command.path, ["--force", input, folder.path("m.swt")])
      #if os(Linux)
        while !isWriting(run) {
          try #require(run.endIfThere() == nil, "the conversion was over before it was interrupted")
          usleep(1000)
        }
      #else
        usleep(100_000)
      #endif
      run.send(number)
      let end = try run.end()
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
      #expect(end.signal == number)
      #expect(names == (old == nil ? ["m.safetensors"] : ["m.safetensors", "m.swt"]))
      if let old { #expect(try String(contentsOfFile: folder.path("m.swt"), encoding: .utf8) == old) }
    }
  }

  @Test("a file larger than the session allows ends the conversion with exit 74 and leaves nothing")
  func fileSizeLimit() throws {
    defer { folder.remove() }
    let input = try folder.largeInput(byteCount: 512 << 20)
    let script = "ulimit -f 20480; exec \"$0\" convert --json \"$1\" \"$2\""
    let run = try ChildRun(
      "/bin/sh", ["-c", script, Command.path, input, folder.path("m.swt")], output: folder.path("output.json"))
    #expect(try run.end().code == 74)
    #expect(try String(contentsOfFile: folder.path("output.json"), encoding: .utf8).contains("\"inputOutput\""))
    #expect(!FileManager.default.fileExists(atPath: folder.path("m.swt")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
  }

  private static let mount = ["/bin/mount", "/usr/bin/mount"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Mounts a disk of 8 MB on a new folder.
  private static func mountSmallDisk(_ disk: URL) throws -> Bool {
    guard let mount else { return false }
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: false)
    return try ChildRun(mount, ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.path]).end().code == 0
  }

  private static func unmount(_ disk: URL) throws { _ = try ChildRun("/bin/umount", [disk.path]).end() }

  /// Whether this process may mount one, as root may, though not in every container.
  private static let mountsDisks: Bool = {
    do {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let disk = folder.url.appending(path: "disk")
      guard try mountSmallDisk(disk) else { return false }
      try unmount(disk)
      return true
    } catch { return false }
  }()

  @Test(
    "a disk without room for the output is named so before anything is written, exit 74, and nothing is left on it",
    .enabled(if: mountsDisks, "no small disk can be mounted here; fileSizeLimit tests the same path"))
  func fullDisk() throws {
    defer { folder.remove() }
    let input = try folder.largeInput(byteCount: 512 << 20)
    let disk = folder.url.appending(path: "disk")
    try #require(try Self.mountSmallDisk(disk))
    defer { try? Self.unmount(disk) }
    let run = try Command("convert", "--json", input, disk.appending(path: "m.swt").path)
    #expect(run.code == 74)
    #expect(run.output.contains("The output needs 536"))
    #expect(run.output.contains("are available on its disk."))
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [])
  }
}

extension TemporaryFolder {
  /// A large safetensors file that takes no room on the disk: its data are a hole.
  func largeInput(byteCount: Int) throws -> String {
    let header = #"{"w":{"dtype":"U8","shape":[\#(byteCount)],"data_offsets":[0,\#(byteCount)]}}"#
    var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) })
    bytes.append(contentsOf: header.utf8)
    let url = url.appending(path: "m.safetensors")
    try bytes.write(to: url)
    let file = try FileHandle(forWritingTo: url)
    try file.truncate(atOffset: UInt64(bytes.count + byteCount))
    try file.close()
    return url.path
  }
}
