import Foundation
import Testing

/// A system that gives little: the command ends with an error and an exit code, never by a signal.
@Suite struct LimitedSystemTests {
  #if os(Linux)
    private static func run(_ limit: String, _ arguments: [String]) throws -> ChildRun.End? {
      let script = "ulimit -c 0; ulimit \(limit) || exit 99; exec \"$0\" \"$@\""
      return try ChildRun("/bin/sh", ["-c", script, Command.path] + arguments).end()
    }

    private static let fixture = fixturePath("zip_tensors/dtype_float32.pth")

    @Test(
      "with few open files each command works or says why not",
      arguments: [
        ["inspect", "--hashes", fixture], ["scan", fixture], ["verify", fixture], ["fingerprint", fixture],
        ["diff", fixture, fixture], ["match", fixture, "--model", "resnet18"], ["registry", "resnet18"],
        ["convert", "--force", fixture, "OUTPUT"], ["classify", "--weights", fixture, fixture],
        ["inspect", "https://pth2swt.invalid/m.pth"],
      ])
    func files(_ arguments: [String]) throws {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let arguments = arguments.map { $0 == "OUTPUT" ? folder.path("m.swt") : $0 }
      for count in 3...5 {
        let end = try Self.run("-n \(count)", arguments)
        // A debug build needs open files to find its libraries (127).
        #expect(end?.signal == nil && end?.code != nil, "\(count) open files")
      }
    }

    @Test("where addresses are limited, a model leaves some to the rest of the process")
    func addresses() throws {
      let arguments = ["--weights", fixturePath("wrapped/classifier.pth"), fixturePath("runnable/first.png")]
      for gigabytes in [2, 3, 5, 8, 12] {
        let end = try Self.run("-v \(gigabytes)000000", ["classify"] + arguments)
        #expect(end?.code == 0, "\(gigabytes) GB")
      }
    }

    @Test("a file larger than the memory that the system gives is an error with exit code 71")
    func memory() throws {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let input = try folder.largeInput(byteCount: 1 << 30)
      for arguments in [
        ["inspect", input], ["inspect", "--no-mmap", input], ["convert", input, folder.path("m.swt")],
      ] {
        let run = try ChildRun(
          "/bin/sh", ["-c", "ulimit -v 1000000; exec \"$0\" \"$@\" --json", Command.path] + arguments,
          output: folder.path("printed"))
        #expect(try run.end().code == 71)
        #expect(try String(contentsOfFile: folder.path("printed"), encoding: .utf8).contains("outOfMemory"))
      }
    }
  #endif
}
