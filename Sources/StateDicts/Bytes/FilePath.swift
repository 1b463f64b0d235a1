#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A path as the file system has it: bytes, which need not be UTF-8.
package struct FilePath: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  package init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// The path of a file URL; `%FF` in it is that byte, which `URL.path` would lose.
  package init(_ url: URL) {
    var bytes: [UInt8] = []
    var rest = url.absoluteURL.path(percentEncoded: true).utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(digits: rest.prefix(2), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    self.bytes = bytes
  }

  /// The path of the file that a URL means.
  ///
  /// - Throws: `notFound` with `remedy` for a URL of anything but a file.
  package init(fileURL url: URL, remedy: String? = nil) throws(CheckpointError) {
    guard url.isFileURL else {
      throw CheckpointError(.notFound, "Not a file URL.", file: url.absoluteString, remedy: remedy)
    }
    self.init(url)
  }

  /// Calls `body` with the path for a C function.
  ///
  /// A path with a zero byte, which no file has, comes as the empty one.
  package func withCString<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let characters = (bytes.contains(0) ? [] : bytes.map { CChar(truncatingIfNeeded: $0) }) + [0]
    return try unsafe body(characters)
  }

  // MARK: - Parts

  /// The folder that the file lies in.
  package var folder: FilePath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return FilePath(".") }
    return slash == 0 ? FilePath("/") : FilePath(bytes: bytes[..<slash])
  }

  /// The last component.
  package var name: FilePath {
    FilePath(bytes: bytes.split(separator: UInt8(ascii: "/")).last ?? bytes[...])
  }

  /// The path of a folder without a slash at its end.
  package var withoutTrailingSlash: FilePath {
    var bytes = bytes
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return FilePath(bytes: bytes)
  }

  /// The path of a file in this folder.
  package func appending(_ name: FilePath) -> FilePath {
    if self == FilePath(".") { return name }
    return FilePath(bytes: bytes + (bytes.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + name.bytes)
  }

  /// Whether the path ends so: `.swt`.
  package func hasSuffix(_ suffix: String) -> Bool { bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
}

// MARK: - As text

extension FilePath: CustomStringConvertible, Encodable {
  /// The path as people read it: a byte that is no UTF-8 as `\xff`.
  package var description: String {
    text(keeping: { _ in true }) { byte in "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
  }

  package func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

  /// The path as text from which it can be had again: a byte that is no UTF-8 is one of the last scalars of Unicode's
  /// last private area. (Those scalars themselves are told in the same way, byte for byte.)
  package var reversibleText: String {
    text(keeping: { !Self.stray.contains($0) }) { byte in
      Unicode.Scalar(Self.stray.lowerBound.value - 0x80 + UInt32(byte)).map { String(Character($0)) } ?? ""
    }
  }

  /// The path that has this `reversibleText`.
  package init(reversibleText text: String) {
    bytes = text.unicodeScalars.flatMap { scalar in
      Self.stray.contains(scalar)
        ? [UInt8(truncatingIfNeeded: scalar.value - Self.stray.lowerBound.value + 0x80)]
        : Array(UTF8.encode(scalar) ?? .init())
    }
  }

  private static let stray: ClosedRange<Unicode.Scalar> = "\u{10FF80}"..."\u{10FFFF}"

  private func text(keeping isKept: (Unicode.Scalar) -> Bool, _ shown: (UInt8) -> String) -> String {
    var text = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var place = 0
    while true {
      let length: Int
      switch parser.parseScalar(from: &rest) {
      case .valid(let units):
        length = units.count
        let scalar = Unicode.UTF8.decode(units)
        if isKept(scalar) {
          text.append(scalar)
          place += length
          continue
        }
      case .error(let count): length = count
      case .emptyInput: return String(text)
      }
      for byte in bytes[place..<place + length] { text.append(contentsOf: shown(byte).unicodeScalars) }
      place += length
    }
  }
}
