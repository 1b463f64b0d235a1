import CPth2swtZip
import StateDicts

extension ZipArchive {
  /// What keeps an entry from being read.
  enum Obstacle: Sendable, Equatable {
    case encrypted
    /// Compressed by another method than deflate.
    case method(Int)

    init?(encryption: UInt16, method: UInt16) {
      if encryption != UInt16(ZIP_EM_NONE) {
        self = .encrypted
      } else if method != UInt16(ZIP_CM_STORE), method != UInt16(ZIP_CM_DEFLATE) {
        self = .method(Int(method))
      } else {
        return nil
      }
    }

    /// What it is, to stand after "is".
    var text: String {
      switch self {
      case .encrypted: "encrypted"
      case .method(let number): "compressed by \(Self.methods[number] ?? "method \(number)")"
      }
    }

    var remedy: String {
      switch self {
      case .encrypted: "unpack the archive with its password first (7z x)"
      case .method: "unpack the archive first (7z x), or zip it again with deflate"
      }
    }

    /// The error for an attempt to read the entry.
    func error(file: String? = nil, entry: String) -> CheckpointError {
      CheckpointError(.malformedArchive, "The entry is \(text).", file: file, entry: entry, remedy: remedy)
    }

    /// Source: APPNOTE.TXT of PKWARE, 4.4.5.
    private static let methods = [
      1: "shrinking", 6: "imploding", 9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd",
    ]
  }
}
