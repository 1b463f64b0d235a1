package import StateDicts

#if canImport(Darwin)
  import Darwin
  import Foundation
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A program that does a part of the command's work, so that the command starts without the libraries for it.
package enum Program: String {
  /// Downloads URLs.
  case fetch = "pth2swt-fetch"
  /// Runs models on images.
  case vision = "pth2swt-vision"

  private var purpose: String {
    switch self {
    case .fetch: "URLs are fetched"
    case .vision: "Models are run"
    }
  }

  /// The path of the program: beside this one, or else in a folder of `PATH`.
  ///
  /// - Throws: `notFound` if it is in neither place.
  package var path: FilePath {
    get throws(CheckpointError) {
      let folders = [Self.own.folder] + Self.searchPath
      guard let found = folders.map({ $0.appending(FilePath(rawValue)) }).first(where: Self.isExecutable) else {
        throw CheckpointError(
          .notFound, "\(purpose) by the program \(rawValue), which is neither next to pth2swt nor in PATH.",
          file: Self.own.folder.appending(FilePath(rawValue)).description,
          remedy: "build it (swift build --product \(rawValue)) and install it next to pth2swt")
      }
      return found
    }
  }

  /// Replaces this process with the program, which gets the same arguments, environment and standard streams.
  ///
  /// Signals and the exit code need no parent process that passes them on.
  ///
  /// The corresponding C function is `execv`.
  ///
  /// - Throws: `notFound` if the program is not installed, `inputOutput` if the system cannot start it.
  package func replaceThisProcess() throws(CheckpointError) -> Never {
    let path = try path
    unsafe path.withCString { path in _ = unsafe execv(path, CommandLine.unsafeArgv) }
    throw CheckpointError(
      .inputOutput, "The program cannot be started: \(systemMessage(errno)).", file: path.description)
  }

  /// This program's file.
  private static var own: FilePath {
    #if os(Linux)
      if let path = FilePath("/proc/self/exe").linkTarget { return path }
    #else
      if let path = Bundle.main.executableURL { return FilePath(path) }
    #endif
    return unsafe CommandLine.unsafeArgv[0].map {
      unsafe FilePath(bytes: UnsafeRawBufferPointer(start: $0, count: strlen($0)))
    }
      ?? FilePath(".")
  }

  private static var searchPath: [FilePath] {
    guard let variable = unsafe getenv("PATH") else { return [] }
    return unsafe UnsafeRawBufferPointer(start: variable, count: strlen(variable)).split(separator: UInt8(ascii: ":"))
      .map { unsafe FilePath(bytes: $0) }
  }

  private static func isExecutable(_ path: FilePath) -> Bool {
    var status = stat()
    return unsafe path.withCString { path in
      unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
  }
}
