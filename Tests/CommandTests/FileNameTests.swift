import Foundation
import StateDicts
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// File names are bytes. (On Apple's file systems they are always UTF-8.)
@Suite struct FileNameTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  #if os(Linux)
    /// Runs a script of a shell, in which `p` is the command and `f` a file of float32; each line must succeed.
    private func run(_ script: String) throws -> [UInt8] {
      let setUp = "set -e; cd \"$0\"; p=\"$1\"; f=\"$2\"; x=$(printf '\\377'); y=$(printf 'y\\376\\nz');\n"
      let arguments = [
        "-c", setUp + script, folder.url.path, try Command.path, fixturePath("zip_tensors/dtype_float32.pth"),
      ]
      let run = try ChildRun("/bin/sh", arguments, output: folder.path("printed"))
      #expect(try run.end().code == 0)
      return try FilePath(folder.path("printed")).contents()
    }

    @Test("a name that is not UTF-8 is that of the file, as input, output, folder, shard and list")
    func bytes() throws {
      defer { folder.remove() }
      _ = try run(
        """
        cp "$f" "$x.pth"; mkdir "$y"
        "$p" inspect "$x.pth"; "$p" scan --json "$x.pth"
        "$p" convert "$x.pth" "$y/$x.swt"
        "$p" convert --force --json "./$x.pth" "$y/$x.swt"
        "$p" fingerprint "$y/$x.swt" > "$x.json"; "$p" verify "$x.pth" --expect "$x.json"
        "$p" diff "$x.pth" "$y/$x.swt"
        mkdir "$x"; "$p" "$x.pth" "$x/model.safetensors"; "$p" diff "$x" "$x.pth"
        printf '{"weight_map": {"plain": "model.safetensors"}}' > "$x/$y.index.json"
        "$p" inspect "$x/$y.index.json"; "$p" inspect "$x"
        """)
      let stray = FilePath(bytes: [0xFF])
      let names = try FilePath(folder.url.path).names()
      #expect(
        Set(names) == [
          FilePath("printed"), FilePath(bytes: [0x79, 0xFE, 0x0A, 0x7A]), stray,
          FilePath(bytes: stray.bytes + ".pth".utf8),
          FilePath(bytes: stray.bytes + ".json".utf8),
        ])
      let inner = try FilePath(folder.url.path).appending(FilePath(bytes: [0x79, 0xFE, 0x0A, 0x7A])).names()
      #expect(inner == [FilePath(bytes: stray.bytes + ".swt".utf8)])
    }

    @Test("a name that is not UTF-8 is shown with escapes, and tells two files apart")
    func shown() throws {
      defer { folder.remove() }
      let printed = try run(
        """
        cp "$f" "$x.pth"; "$p" inspect "$x.pth" | head -1
        "$p" inspect "$y.pth" 2>&1 && exit 1
        "$p" inspect --bogus "$y.pth" 2>&1 && exit 1
        "$p" classify --weights "$f" --labels "$y" "$x.jpg" 2>&1 && exit 1
        "$p" match "$x.pth" --registry "$x.json" 2>&1 && exit 1
        true
        """)
      let text = try #require(String(bytes: printed, encoding: .utf8))
      #expect(text.contains("\\xff.pth: torch zip"))
      #expect(text.contains("at: y\\xfe\\nz.pth"))
    }
  #endif

  @Test("a pipe is refused as a checkpoint at once, and read as a list")
  func pipes() throws {
    defer { folder.remove() }
    let pipe = folder.path("pipe")
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    let fixture = fixturePath("zip_tensors/dtype_float32.pth")
    #expect(try ChildRun(Command.path, ["inspect", pipe]).end().code == 66)
    let script = "\"$0\" fingerprint \"$1\" > \"$2\" & exec \"$0\" verify \"$1\" --expect \"$2\""
    #expect(
      try ChildRun("/bin/sh", ["-c", script, Command.path, fixture, pipe]).end().code == 0)
  }

  @Test("--force replaces what a link leads to, and neither the link nor a pipe")
  func force() throws {
    defer { folder.remove() }
    let fixture = fixturePath("zip_tensors/dtype_float32.pth")
    let target = try folder.file("target.swt", "old")
    let (link, dangling, pipe) = (folder.path("link.swt"), folder.path("dangling.swt"), folder.path("pipe.swt"))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.swt")
    try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: "nowhere.swt")
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(try Command("convert", fixture, link).code == 73)
    #expect(try Command("convert", "--force", fixture, link).code == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.swt")
    #expect(try Command("diff", fixture, target).code == 0)
    for other in [dangling, pipe] {
      let run = try Command("convert", "--force", fixture, other)
      #expect(run.code == 73)
      #expect(run.errors.contains(other))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("nowhere.swt")))
    #expect(try FileManager.default.attributesOfItem(atPath: pipe)[.type] as? FileAttributeType != .typeRegular)
  }
}
