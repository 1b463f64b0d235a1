import Crypto
import StateDicts
import TorchCheckpoints

/// SHA-256 in hexadecimal, as `expected.json` files and download pages have it.
enum SHA256Text {
  /// Of a tensor's contiguous little-endian bytes in C order.
  ///
  /// - Parameter passed: is told each window's size.
  static func of(_ tensor: Tensor, passed: (Int) -> Void = { _ in }) throws -> String {
    var hash = SHA256()
    try unsafe tensor.forEachWindow { window in
      unsafe hash.update(bufferPointer: window)
      passed(window.count)
    }
    return text(hash)
  }

  /// Of a checkpoint's file, as it is.
  static func of(_ checkpoint: Checkpoint) throws -> String {
    var hash = SHA256()
    try unsafe checkpoint.forEachWindow { window in unsafe hash.update(bufferPointer: window) }
    return text(hash)
  }

  private static func text(_ hash: SHA256) -> String {
    hash.finalize().map(\.hexadecimal).joined()
  }
}
