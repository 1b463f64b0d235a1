import Foundation
public import StateDicts

/// A model repository on Hugging Face, or a file or folder in it.
///
///     hf://owner/name                                  the folder with the model's weights, at its main branch
///     hf://owner/name/model.safetensors                a file
///     hf://owner/name@v2/sub/model.safetensors         at a branch, tag or commit; a slash in its name is %2F
///
/// The grammar is that of `huggingface_hub` for models (`utils/_hf_uris.py`).
public struct HuggingFaceAddress: Sendable, Hashable {
  /// Owner and name of the repository, with a slash between.
  public let repository: String
  /// A branch, tag or commit.
  public let revision: String
  /// The path of a file or folder in the repository; empty for the repository itself.
  public let path: String

  /// The branch that repositories begin with.
  public static let mainRevision = "main"

  private static let scheme = "hf://"

  /// Whether the text starts with `hf://`, in upper or lower case.
  package static func isOne(_ text: String) -> Bool { text.prefix(scheme.count).lowercased() == scheme }

  /// Reads an address.
  ///
  /// - Throws: `unsupported` if the text is not the address of a model, or has a name that Hugging Face does not allow.
  public init(_ text: String) throws(CheckpointError) {
    guard Self.isOne(text) else { throw Self.malformed("It does not begin with hf://.", text) }
    var parts = text.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)[...]
    if parts.first == "models" { parts.removeFirst() }
    if let kind = parts.first, ["datasets", "spaces", "kernels", "buckets"].contains(kind) {
      throw Self.malformed("It is one of \(kind), not of a model.", text)
    }
    guard let owner = parts.popFirst(), let second = parts.popFirst() else {
      throw Self.malformed("It has no name after the owner.", text)
    }
    let named = second.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var revision = Self.mainRevision
    if named.count == 2 {
      var words = [named[1]]
      // These names of revisions have slashes of their own.
      if named[1] == "refs", parts.count >= 2, ["pr", "convert"].contains(parts[parts.startIndex]) {
        words += parts.prefix(2)
        parts = parts.dropFirst(2)
      }
      guard let decoded = words.joined(separator: "/").removingPercentEncoding else {
        throw Self.malformed("The revision has broken percent escapes.", text)
      }
      revision = decoded
    }
    if parts.last == "" { parts.removeLast() }
    let name = named.first ?? ""
    do throws(CheckpointError) {
      try self.init(repository: "\(owner)/\(name)", revision: revision, path: parts.joined(separator: "/"))
    } catch {
      throw error.located(file: text)
    }
  }

  /// Creates the address of a file or folder in a repository.
  ///
  /// - Parameters:
  ///   - repository: Owner and name, with a slash between.
  ///   - revision: A branch, tag or commit.
  ///   - path: A file or folder; empty for the repository itself.
  /// - Throws: `unsupported` for names that Hugging Face does not have.
  public init(repository: String, revision: String = "main", path: String = "") throws(CheckpointError) {
    let names = repository.split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy(Self.isName), repository.utf8.count <= 193 else {
      throw Self.malformed("\"\(repository)\" is not the name of a repository (owner/name).", nil)
    }
    guard Self.isPath(revision), revision.utf8.count <= 255 else {
      throw Self.malformed("\"\(revision)\" is not a branch, tag or commit.", nil)
    }
    guard path.isEmpty || Self.isPath(path) else {
      throw Self.malformed("\"\(path)\" is not the path of a file in a repository.", nil)
    }
    self.repository = repository
    self.revision = revision
    self.path = path
  }

  private static func malformed(_ reason: String, _ text: String?) -> CheckpointError {
    CheckpointError(
      .unsupported, "This is not an address of a model on Hugging Face. \(reason)", file: text,
      remedy: "write hf://owner/name/file, or hf://owner/name@revision/file")
  }

  /// Whether the text is a valid name of an owner or a repository (`validate_repo_id` in `huggingface_hub`).
  private static func isName(_ text: Substring) -> Bool {
    guard text.hasNameCharacters, let first = text.first, let last = text.last, text.utf8.count <= 96 else {
      return false
    }
    return !"-.".contains(first) && !"-.".contains(last) && !text.contains("--") && !text.contains("..")
      && !text.hasSuffix(".git")
  }

  /// Whether a text is a path below a folder, without anything that a file system or a terminal reads otherwise.
  static func isPath(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return text.utf8.count <= 1024 && parts.allSatisfy { !["", ".", ".."].contains($0) && $0.utf8.count <= 255 }
      && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || $0 == "\\" }
  }

  /// The same file or folder at another revision.
  func at(_ revision: String) throws(CheckpointError) -> HuggingFaceAddress {
    try HuggingFaceAddress(repository: repository, revision: revision, path: path)
  }

  /// Another file of the repository, at the same revision.
  func file(_ path: String) throws(CheckpointError) -> HuggingFaceAddress {
    try HuggingFaceAddress(repository: repository, revision: revision, path: path)
  }

  /// A file in the folder that this path is, or that it is in.
  ///
  /// - Throws: `unsupported` for a name that leads out of it.
  func file(_ name: String, besides isBeside: Bool) throws(CheckpointError) -> HuggingFaceAddress {
    guard !name.isEmpty else { throw Self.malformed("A file has no name.", description) }
    let folder = isBeside ? path.split(separator: "/").dropLast().joined(separator: "/") : path
    return try file(folder.isEmpty ? name : "\(folder)/\(name)")
  }

  /// Whether a text is the full name of a commit.
  static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.isHexadecimal
  }
}

extension HuggingFaceAddress: CustomStringConvertible {
  /// The address as a text that `init(_:)` reads.
  public var description: String {
    let isWhole = revision.wholeMatch(of: /refs\/(pr|convert)\/[^\/]+/) != nil
    let shown = isWhole ? revision : revision.percentEncoded(keepingSlashes: false)
    return Self.scheme + repository + (revision == Self.mainRevision ? "" : "@\(shown)")
      + (path.isEmpty ? "" : "/\(path)")
  }
}

extension StringProtocol {
  /// Whether all characters are ASCII letters, digits, `-`, `_` or `.`.
  var hasNameCharacters: Bool {
    utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
  }
}

extension String {
  /// Whether all characters are lower-case hexadecimal digits.
  var isHexadecimal: Bool {
    utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
    }
  }
}
