package import ArgumentParser
import Terminal

#if canImport(Glibc)
  import Glibc
#endif

extension ParsableCommand {
  /// Runs the subcommand in the program's arguments, and ends the program if it fails.
  ///
  /// - Parameter check: Called before the arguments are parsed.
  package static func runProgram(checking check: () throws -> Void = {}) {
    // Without TZ, glibc looks at /etc/localtime for every time that libzip converts: one for each archive entry. The
    // name is glibc's own default, so nothing else changes.
    #if canImport(Glibc)
      unsafe setenv("TZ", ":/etc/localtime", 0)
    #endif
    ShrinkingFiles.onShrunken { Failure.exit(Self.self, with: $0) }
    do {
      try check()
      var command = try parseProgramArguments()
      try command.run()
      try Output.results.check()
    } catch {
      Failure.exit(Self.self, with: error)
    }
  }
}
