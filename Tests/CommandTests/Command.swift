import Foundation

/// One run of the command: what it printed, and its exit code.
struct Command {
  let output: String
  let errors: String
  let code: Int32

  /// Runs the command as it was built with these tests.
  init(_ arguments: String...) throws { try self.init(arguments) }

  /// Runs the command with a list of arguments.
  init(_ arguments: [String]) throws { try self.init(Self.path, arguments) }

  /// Runs a shell script, in which `"$0"` is the command.
  init(script: String, _ arguments: String...) throws { try self.init(script: script, arguments) }

  /// Runs a shell script with a list of arguments.
  init(script: String, _ arguments: [String]) throws {
    try self.init("/bin/sh", ["-c", script, Self.path] + arguments)
  }

  private init(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    // Help is wrapped to a terminal's width where there is one.
    process.environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80", "LC_ALL": "C.UTF-8"]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Errors are a few lines, which a pipe holds; a long output must be read while it is written.
    self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    code = process.terminationStatus
  }

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// The output as JSON.
  func json<Value: Decodable>(_: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(output.utf8))
  }

  /// The path of the command.
  static var path: String {
    get throws { try products.appending(path: "pth2swt").path }
  }

  /// Where the package's products are: beside the test bundle, or above the test program.
  private static var products: URL {
    get throws {
      let candidates =
        Bundle.allBundles.filter { $0.bundlePath.hasSuffix(".xctest") }.map(\.bundleURL)
        + [Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0])]
      for candidate in candidates {
        for folder in [candidate, candidate.deletingLastPathComponent()]
        where FileManager.default.isExecutableFile(atPath: folder.appending(path: "pth2swt").path) {
          return folder
        }
      }
      throw CocoaError(.fileNoSuchFile)
    }
  }
}

/// A file of TestData/fixtures.
func fixturePath(_ name: String) -> String { Repository.fixture(name).path }
