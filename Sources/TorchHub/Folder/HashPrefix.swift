import Digests
import Foundation
import StateDicts

/// The first digits of the SHA-256 that a file must have.
struct HashPrefix: Sendable {
  let digits: String

  init?(_ check: HashCheck, name: WeightsName) {
    self.init(check, known: name.hashDigits)
  }

  /// - Parameter known: The digits that the name of the file says.
  init?(_ check: HashCheck, known: String?) {
    let wanted: String? =
      switch check {
      case .name: known
      case .prefix(let digits): digits.lowercased()
      case .none: nil
      }
    guard let wanted else { return nil }
    digits = wanted
  }

  /// - Throws: `hashMismatch`.
  func check(_ digest: String, of file: String) throws(CheckpointError) {
    guard digest.hasPrefix(digits) else {
      throw CheckpointError(
        .hashMismatch, "SHA-256 mismatch: expected \(digits), computed \(digest.prefix(max(8, digits.count))).",
        file: file, remedy: "check the URL; if the digits in the name are not a hash, disable the check (--no-hash)")
    }
  }

  /// - Throws: `hashMismatch`, `notReadable`, `inputOutput`.
  func check(fileAt url: URL) throws(CheckpointError) {
    let file = try OpenFile(reading: url.path)
    try check(try file.hash(byteCount: try file.size()).hexDigest(), of: url.path)
  }
}

extension OpenFile {
  /// The SHA-256 so far of the first bytes, read a mebibyte at a time.
  func hash(byteCount: Int64) throws(CheckpointError) -> SHA256 {
    let hash = try SHA256()
    var offset: Int64 = 0
    while offset < byteCount {
      let piece = try read(at: offset, count: Int(min(1 << 20, byteCount - offset)))
      guard !piece.isEmpty else {
        throw CheckpointError(.inputOutput, "The file was truncated while it was read.", file: path)
      }
      try hash.update(piece)
      offset += Int64(piece.count)
    }
    return hash
  }
}
