import Foundation
import StateDicts
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A mapped file that another program truncates ends the command with an error, not by SIGBUS, and leaves nothing.
@Suite(.serialized) struct ShrinkingFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test(
    "a file that shrinks while it is read is named in an error, exit 74",
    arguments: [["convert", "--json"], ["inspect", "--json", "--hashes"], ["fingerprint", "--json"]])
  func truncated(arguments: [String]) throws {
    defer { folder.remove() }
    let input = try folder.largeInput(byteCount: 1 << 30)
    let output = arguments[0] == "convert" ? [folder.path("m.swt")] : []
    let run = try ChildRun(Command.path, arguments + [input] + output, output: folder.path("output.json"))
    // It is open once the program holds it; reading a gigabyte takes far longer than the truncation.
    #if os(Linux)
      while !isReading(run) {
        try #require(run.endIfThere() == nil, "the command was over before the file was truncated")
        usleep(1000)
      }
    #else
      usleep(50_000)
    #endif
    let status = unsafe truncate(input, 4096)
    #expect(status == 0)
    let end = try run.end()
    #expect(end.signal == nil)
    #expect(end.code == 74)
    let text = try String(contentsOfFile: folder.path("output.json"), encoding: .utf8)
    #expect(text.contains("The file shrank while it was read"))
    #expect(text.contains("m.safetensors"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    #expect(names == ["m.safetensors", "output.json"])
  }

  /// Whether the program has mapped the file.
  private func isReading(_ run: ChildRun) -> Bool {
    let maps = (try? ProcessFile.text("maps", of: "\(run.process)")) ?? ""
    return maps.contains("m.safetensors")
  }

  @Test("a file of which a part of the last page is missing is noticed before the output gets its name")
  func lastPage() throws {
    defer { folder.remove() }
    let bytes = [UInt8](repeating: 7, count: 5000)
    let path = FilePath(folder.path("a.bin"))
    try Data(bytes).write(to: folder.url.appending(path: "a.bin"))
    let store = try ByteStore(path: path, .mapped)
    try store.requireWhole()
    let status = unsafe truncate(path.description, 4500)
    #expect(status == 0)
    let error = #expect(throws: CheckpointError(.inputOutput, "")) { try store.requireWhole() }
    #expect(error?.message.hasPrefix("The file shrank") == true)
  }
}
