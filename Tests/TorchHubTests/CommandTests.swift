import FetchMessages
import Foundation
import StateDicts
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

struct CommandTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
  }

  private func pth2swt(_ arguments: String...) throws -> Bench.Outcome { try bench.run("pth2swt", arguments) }

  private func fixture(_ name: String) throws -> Data { try Data(contentsOf: Repository.fixture(name)) }

  @Test("where a command takes a file it takes a URL, fetches it once, and says when it uses the file of before")
  func fetch() throws {
    let bytes = try fixture("zip_tensors/dtype_float32.pth")
    let server = try LoopbackServer { .file(bytes, $0) }
    let url = try server.url("/m.pth").absoluteString
    let first = try pth2swt("inspect", "--json", "--download", "--allow-http", url)
    #expect(first.status == 0)
    #expect(first.output.contains("\"float32\""))
    #expect(first.errors == "")
    #expect(try bench.contents("hub/checkpoints/m.pth") == bytes)
    let output = bench.folder.appendingPathComponent("m.swt").path
    let second = try pth2swt("--offline", url, output)
    #expect(second.status == 0)
    #expect(second.errors.contains("using the cached file") && second.errors.contains("/hub/checkpoints/m.pth"))
    #expect(FileManager.default.fileExists(atPath: output))
    #expect(server.requests.count == 1)
  }

  @Test("a download that fails ends the command, with the exit code of its kind")
  func failures() throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { request in
      request.path == "/none.pth" ? LoopbackServer.Reply(status: 404) : .file(bytes, request)
    }
    let secure = try pth2swt("inspect", server.url("/m.pth").absoluteString)
    #expect(secure.status == 64)
    #expect(secure.errors.contains("plain http") && secure.errors.contains("--allow-http"))
    let none = try pth2swt("inspect", "--json", "--allow-http", server.url("/none.pth").absoluteString)
    #expect(none.status == 66)
    #expect(none.output.contains("\"notFound\""))
    let offline = try pth2swt("verify", "--offline", "https://pth2swt.invalid/m.pth")
    #expect(offline.status == 66)
    let wrong = try pth2swt("verify", "--allow-http", server.url("/m-0123abcd.pth").absoluteString)
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("SHA-256"))
    let unreachable = try pth2swt("inspect", "--allow-http", "http://127.0.0.1:1/m.pth")
    #expect(unreachable.status == 74)
  }

  @Test("waiting takes no processor time, whatever the server does not say")
  func waiting() throws {
    let server = try LoopbackServer { request in
      Thread.sleep(forTimeInterval: 60)
      return .file(Data([1]), request)
    }
    let before = Self.childSeconds
    let mute = try pth2swt(
      "inspect", "--allow-http", "--first-byte-timeout", "6", "--retries", "0", server.url("/m.pth").absoluteString)
    let seconds = Self.childSeconds - before
    #expect(mute.status == 74)
    #expect(mute.errors.contains("6.0 s"))
    // Six seconds of waiting; starting two debug builds takes some tenths.
    #expect(seconds < 2)
  }

  /// The processor time of the children that have ended.
  private static var childSeconds: Double {
    var usage = rusage()
    // -1 is RUSAGE_CHILDREN, which the C libraries give different types.
    guard unsafe getrusage(.init(-1), &usage) == 0 else { return 0 }
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }

  @Test("time-outs that are none, and control characters in arguments, are refused in words")
  func arguments() throws {
    for option in ["--connect-timeout", "--first-byte-timeout", "--idle-timeout"] {
      #expect(try pth2swt("inspect", option, "0", "https://pth2swt.invalid/m.pth").status == 64)
    }
    for arguments in [
      ["\u{1B}[2J\nforged"], ["https://pth2swt.invalid", "\u{1B}[2J\nforged"], ["--\u{1B}\u{202E}\nforged"],
    ] {
      let outcome = try bench.run("pth2swt-fetch", arguments)
      #expect(outcome.status != 0)
      for text in [outcome.output, outcome.errors] {
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("forged") })
      }
    }
  }

  @Test(
    "a message between the two programs is one line, and comes out as it went in",
    arguments: [
      .progress(completedBytes: 1, totalBytes: nil, name: "a\nb"),
      .progress(completedBytes: 1 << 40, totalBytes: 1 << 41, name: "m.pth"),
      .file(path: "/a\nb/“ü”", isNew: false),
      .failure(code: "notFound", message: "no\n", file: nil, remedy: "look"),
    ] as [FetchMessage])
  func message(_ message: FetchMessage) throws {
    let line = try JSONEncoder().encode(message)
    #expect(!line.contains(UInt8(ascii: "\n")))
    #expect(FetchMessage(line: line) == message)
    #expect(FetchMessage(line: "{}".utf8) == nil)
  }
}
