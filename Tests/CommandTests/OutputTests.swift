import Foundation
import StateDicts
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// What leaves the program: nothing that a terminal acts on, and nothing lost.
@Suite struct OutputTests {
  /// Clears the screen, begins a line, turns the direction of writing, and more of each kind.
  static let hostile = "x\u{1B}[2J\r\nforged\t\u{7F}\u{85}\u{9B}1m\u{202E}\u{2066}\u{200F}\u{61C}\u{2028}\u{2029}y"

  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A safetensors file with these characters in every string that it has.
  private func hostileCheckpoint(_ name: String, value: UInt8 = 1) throws -> String {
    let header = JSONValue.object([
      "__metadata__": .object([Self.hostile: .string(Self.hostile)]),
      Self.hostile: Self.row(0), "b.\(Self.hostile)": Self.row(4),
    ]).text
    var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) })
    bytes.append(contentsOf: header.utf8)
    bytes.append(contentsOf: [value, 0, 0, 0, 0, 0, 0, 0])
    try bytes.write(to: folder.url.appending(path: name))
    return folder.path(name)
  }

  private static func row(_ start: Int) -> JSONValue {
    .object([
      "dtype": .string("F32"), "shape": .array([.integer(1)]),
      "data_offsets": .array([.integer(start), .integer(start + 4)]),
    ])
  }

  @Test("no control character of a file, a file's name or an argument is printed, by any command")
  func escaping() throws {
    defer { folder.remove() }
    let input = try hostileCheckpoint("a\(Self.hostile).safetensors")
    let other = try hostileCheckpoint("b\(Self.hostile).safetensors", value: 2)
    // A pickle that calls a global of such a name.
    let name = Array(Self.hostile.utf8)
    let global =
      [0x80, 0x04, 0x8C, UInt8(name.count)] + name + [0x8C, UInt8(name.count)] + name + [0x93, 0x29, 0x52, 0x2E]
    let pickle = folder.url.appending(path: "g\(Self.hostile).pkl")
    try Data(global).write(to: pickle)
    let registry = try folder.file(
      "registry.json", #"[{"name": \#(JSONValue.string("z\(Self.hostile)").text), "shape": [1]}]"#)
    let fingerprint = try folder.file("fingerprint.json", Command("fingerprint", other).output)
    let output = folder.path("c\(Self.hostile).swt")
    let calls = [
      ["inspect", input], ["inspect", "--all", input], ["inspect", "--filter", Self.hostile, input],
      ["inspect", "--key", Self.hostile, input], ["inspect", pickle.path], ["scan", pickle.path], ["scan", input],
      ["verify", input], ["verify", input, "--expect", fingerprint], ["verify", input, "--expect", input],
      ["fingerprint", input], ["fingerprint", "--key", Self.hostile, input], ["diff", input, other],
      ["diff", input, registry], ["convert", input, output], ["convert", "--force", input, output],
      ["convert", input, output], ["convert", input, output + "x"],
      ["convert", "--rename", "*=\(Self.hostile)", input, folder.path("d.swt")],
      ["match", input, "--registry", registry], ["match", input, "--model", "resnet18"],
      ["match", input, "--model", Self.hostile], ["convert", "--model", "resnet18", input, folder.path("e.swt")],
      ["registry", Self.hostile], ["registry", "resnet18", "--freeze", Self.hostile],
      ["classify", "--weights", input, input], ["detect", "--weights", input, "--draw", input, input],
      ["detect", "--weights", input, "--draw", folder.path("f"), input, input],
      ["validate", input, "--model", Self.hostile], ["validate", input, "--model", "resnet18"],
      ["inspect", Self.hostile], ["inspect", "--\(Self.hostile)", input], ["inspect", input, Self.hostile],
      ["inspect", "--depth", Self.hostile, input], [Self.hostile], [], ["help", Self.hostile],
      ["inspect", "https://pth2swt.invalid/\(Self.hostile)", "--offline"],
    ]
    for call in calls {
      for arguments in [call, call + ["--json"]] {
        let run = try Command(arguments)
        for text in [run.output, run.errors] {
          let controls = text.unicodeScalars.filter { scalar in
            scalar != "\n"
              && (["Cc", "Zl", "Zp"].contains(Self.category(scalar)) || scalar.properties.isBidiControl)
          }
          #expect(controls.isEmpty, "\(arguments.map(\.debugDescription))")
          #expect(
            !text.split(separator: "\n").contains { $0.hasPrefix("forged") }, "\(arguments.map(\.debugDescription))")
        }
        if call.first != "help", arguments.last == "--json", !run.output.isEmpty {
          // Of several files each has a line.
          let isLines = call == ["inspect", input, Self.hostile]
          let documents = isLines ? run.output.split(separator: "\n").map(String.init) : [run.output]
          for document in documents {
            #expect((try? JSONSerialization.jsonObject(with: Data(document.utf8))) != nil, "\(arguments)")
          }
        }
      }
    }
  }

  private static func category(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control: "Cc"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    default: ""
    }
  }

  @Test("what is escaped for a terminal comes back whole from JSON")
  func json() throws {
    defer { folder.remove() }
    struct Report: Decodable {
      struct Tensor: Decodable { let name: String }
      let tensors: [Tensor]
    }
    let report = try Command("inspect", "--json", hostileCheckpoint("a.safetensors")).json(Report.self)
    #expect(report.tensors.map(\.name) == [Self.hostile, "b.\(Self.hostile)"])
  }

  private static let fixture = fixturePath("zip_tensors/dtype_float32.pth")

  private static let printing = [
    ["inspect", fixture], ["inspect", "--json", fixture], ["verify", fixture], ["fingerprint", fixture],
    ["diff", fixture, fixture], ["diff", fixture, fixturePath("zip_tensors/dtype_float64.pth")], ["scan", fixture],
    ["registry"], ["registry", "resnet18", "--json"], ["registry", "resnet18", "--trainable"],
    ["match", fixture, "--model", "resnet18"], ["--help"], ["--version"], ["help", "inspect"],
    ["--generate-completion-script", "bash"],
  ]

  @Test("a command whose answer cannot be written fails", arguments: printing)
  func unwritable(_ arguments: [String]) throws {
    defer { folder.remove() }
    #if os(Linux)
      #expect(try ChildRun(Command.path, arguments, output: "/dev/full").end().code == 74)
    #endif
    let closed = try ChildRun("/bin/sh", ["-c", "exec \"$0\" \"$@\" >&-", Command.path] + arguments)
    #expect(try closed.end().code == 74)
  }

  @Test("a file that is written while standard output is closed is not what is printed into")
  func closedOutput() throws {
    defer { folder.remove() }
    let output = folder.path("m.swt")
    let run = try ChildRun(
      "/bin/sh", ["-c", "exec \"$0\" convert \"$1\" \"$2\" <&- >&- 2>&-", Command.path, Self.fixture, output])
    #expect(try run.end().code == 74)
    #expect(try Command("diff", Self.fixture, output).code == 0)
  }

  @Test("nobody reads: the command ends as others do")
  func brokenPipe() throws {
    defer { folder.remove() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try Command.path)
    process.arguments = ["inspect", Self.fixture]
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    // Where whoever started the tests ignores the signal, so does the command.
    #expect(
      process.terminationReason == .uncaughtSignal
        ? process.terminationStatus == SIGPIPE : process.terminationStatus == 74)
  }
}
