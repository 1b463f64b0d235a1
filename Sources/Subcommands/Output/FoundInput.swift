package import StateDicts

/// One of several inputs: given by the user, or found in a folder that was.
package struct FoundInput: Sendable {
  package let path: FilePath
  /// The folder that it was found in; nil for an input that was given.
  package var root: FilePath?
  /// Why a folder was not entered.
  package var failure: CheckpointError?
  /// Where its output goes, relative to a folder.
  private let place: [FilePath]
  /// Where the outputs of what is found in it go, if it is a folder.
  private let placeOfFound: [FilePath]

  /// An input that was given.
  ///
  /// - Parameters:
  ///   - isListed: Whether it comes from a list, whose relative paths are kept.
  ///   - failure: Why it cannot be opened, if that is known.
  package init(_ path: FilePath, isListed: Bool = false, failure: CheckpointError? = nil) {
    self.path = path
    self.failure = failure
    let parts = path.parts.filter { $0 != FilePath("..") }
    place = isListed ? parts : parts.suffix(1)
    placeOfFound = isListed ? parts : []
  }

  private init(_ path: FilePath, in root: FoundInput) {
    self.path = path
    self.root = root.path
    let parts = path.parts.dropFirst(root.path.parts.count)
    // The folder itself may be a checkpoint.
    place = parts.isEmpty ? root.place : root.placeOfFound + parts
    placeOfFound = []
  }

  /// An input in this folder.
  package func found(_ path: FilePath) -> FoundInput { FoundInput(path, in: self) }

  /// The path of its output in a folder: the same place, with another extension.
  ///
  /// - Parameter ending: The extension; nil for a folder.
  package func output(in folder: FilePath, ending: String?) -> FilePath {
    var output = folder.withoutTrailingSlash
    for part in place.dropLast() { output = output.appending(part) }
    let name = place.last ?? FilePath("checkpoint")
    let stem = path.isFolder ? name : name.withoutEnding
    return output.appending(FilePath(bytes: stem.bytes + (ending.map { "." + $0 } ?? "").utf8))
  }

  /// Whether a file that cannot be opened as a checkpoint is skipped: it was found in a folder, and has no checkpoint's extension.
  func mayPass(_ error: CheckpointError) -> Bool {
    guard root != nil else { return false }
    let saysNothing = OutputFormat(nameOf: path) == nil || path.hasSuffix(".bin")
    switch error.code {
    // Arguments of a training, or the state of its random numbers.
    case .noStateDict: return true
    case .notACheckpoint: return saysNothing
    case .truncated: return saysNothing && path.byteCount < 8
    default: return false
    }
  }
}

extension FilePath {
  /// The components, without those that lead nowhere.
  fileprivate var parts: [FilePath] {
    bytes.split(separator: UInt8(ascii: "/")).map { FilePath(bytes: $0) }.filter { $0 != FilePath(".") }
  }

  /// The extensions of files that are read, and of archives of them.
  private static let endings: Set<String> = [
    "swt", "safetensors", "pth", "pt", "bin", "ckpt", "th", "npz", "npy", "pkl", "pickle", "pt2", "ptl", "tar", "gz",
    "tgz", "zip",
    "whl", "index", "json",
  ]

  /// A name without its extensions, as far as they say that it is a checkpoint; that of a URL without its query.
  fileprivate var withoutEnding: FilePath {
    var bytes = bytes.prefix { $0 != UInt8(ascii: "?") }
    while let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > bytes.startIndex,
      Self.endings.contains(String(decoding: bytes[(dot + 1)...], as: UTF8.self).lowercased())
    {
      bytes = bytes[..<dot]
    }
    return FilePath(bytes: bytes)
  }
}
