package import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard output or standard error: the one place where text leaves the program.
///
/// Text comes in lines and each is escaped, so that whatever a file's names hold, it can neither act on a terminal nor
/// begin a line. What could not be written is remembered, as stdio does, and is the command's failure in the end.
package final class Output: Sendable {
  package static let results = Output(1)
  package static let diagnostics = Output(2)

  private let descriptor: CInt
  private let failure = Locked<CInt?>(nil)

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// When output is coloured, as `--color` says.
  private static let coloring = Locked(Screen.Coloring.auto)

  /// Sets when output is coloured.
  package static func color(_ coloring: Screen.Coloring) { Self.coloring.withLock { $0 = coloring } }

  /// What the stream can show.
  package var screen: Screen { Screen(of: descriptor, Self.coloring.withLock { $0 }) }

  /// Writes lines, escaped.
  package func write(_ lines: [String]) {
    let screen = screen
    // In a pipe or file names stay as they are.
    write(rawLines: lines.lazy.map { screen.columns == nil ? $0.escaped : screen.shown($0.escaped) })
  }

  /// Writes lines, which are escaped already, in colours if the stream has them.
  package func write(_ lines: some Sequence<StyledText>) {
    let screen = screen
    write(rawLines: lines.lazy.map { $0.rendered(on: screen) })
  }

  /// How many bytes are written at a time.
  private static let blockByteCount = 64 << 10

  private func write(rawLines lines: some Sequence<String>) {
    var block = ""
    for line in lines {
      block += line
      block += "\n"
      guard block.utf8.count >= Self.blockByteCount else { continue }
      write(raw: block)
      block = ""
    }
    write(raw: block)
  }

  /// Writes a value as JSON, in ASCII where a terminal could act on it.
  ///
  /// - Parameter isLine: Whether it takes one line.
  package func write(json value: some Encodable, isLine: Bool = true) throws {
    try JSONText.write(value, isIndented: !isLine) { self.write(raw: String(decoding: $0, as: UTF8.self).escapedJSON) }
    write(raw: "\n")
  }

  /// Puts a line in the place of the last one that was drawn, on a terminal; an empty one removes it.
  package func redraw(_ line: String) {
    write(raw: "\r\u{1B}[K" + line.escaped)
  }

  /// - Throws: `inputOutput` if anything could not be written.
  package func check() throws(CheckpointError) {
    guard let code = failure.withLock({ $0 }) else { return }
    throw CheckpointError(
      .inputOutput, "The output cannot be written: \(systemMessage(code)).",
      remedy: code == ENOSPC || code == EDQUOT ? "free some space, or write to another disk" : nil)
  }

  /// The corresponding C function is `write`.
  private func write(raw text: String) {
    var text = text
    failure.withLock { failure in
      guard failure == nil else { return }
      failure = text.withUTF8 { bytes in
        var rest = unsafe UnsafeRawBufferPointer(bytes)[...]
        while unsafe !rest.isEmpty {
          let count = unsafe Self.systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return errno }
          unsafe rest = unsafe rest.dropFirst(count)
        }
        return nil
      }
    }
  }

  private static func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Darwin)
      unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Glibc)
      unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Opens what was closed when the program started, so that no file of ours gets the number of a standard stream; for
  /// the wrong direction, so that its use fails as that of a closed one.
  static func occupyStandardStreams() {
    for descriptor in CInt(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
  }
}
