package import ArgumentParser
package import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import CPth2swtLinux
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ParsableCommand {
  /// The command that the program's arguments ask for.
  ///
  /// To be called first.
  package static func parseProgramArguments() throws -> any ParsableCommand {
    Output.occupyStandardStreams()
    #if canImport(Glibc)
      // Left to itself, glibc places arrays of up to 32 MB between others, where their memory stays when they are freed.
      _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
      _ = mallopt(M_TRIM_THRESHOLD, 8 << 20)
    #endif
    let arguments = programArguments
    do {
      return try parseAsRoot(arguments.map(\.reversibleText))
    } catch {
      // The parser's message quotes arguments, and its lines are its own only if no argument has any.
      let shown = arguments.map(\.description.escaped)
      if shown != arguments.map(\.reversibleText) { _ = try parseAsRoot(shown) }
      throw error
    }
  }

  /// The arguments as the system has them: bytes.
  package static var programArguments: [FilePath] {
    let words = unsafe UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
    return unsafe words.dropFirst().compactMap { word in
      unsafe word.map { unsafe FilePath(bytes: UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }
  }

  /// Ends the program with what the argument parser has to say: help, or what is wrong with the arguments.
  package static func end(with error: any Error) -> Never {
    let error = (error as? ValidationError).map { ValidationError($0.message.escaped) } ?? error
    let text = fullMessage(for: error)
    let code = exitCode(for: error)
    if !text.isEmpty {
      (code.isSuccess ? Output.results : .diagnostics).write(
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
    end(with: code, saying: [])
  }

  /// Ends the program with an error's lines on standard error; with exit code 74 if there is none but that its answer
  /// could not be written.
  package static func end(with code: ExitCode, saying lines: [String]) -> Never {
    var (lines, code) = (lines, code)
    do { try Output.results.check() } catch {
      if code.rawValue <= 1, lines.isEmpty { (lines, code) = (error.lines, ExitCode(74)) }
    }
    if !lines.isEmpty { Output.diagnostics.write(["\(_commandName): \(lines[0])"] + lines.dropFirst()) }
    systemExit(code.rawValue)
  }
}

extension FilePath: ExpressibleByArgument {
  /// The path that an argument is.
  package init?(argument: String) {
    self.init(reversibleText: argument)
  }
}

/// `exit`, which is another function inside a command.
private func systemExit(_ code: Int32) -> Never { exit(code) }
