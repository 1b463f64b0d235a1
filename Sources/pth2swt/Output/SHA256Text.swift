import Digests
import StateDicts
import TorchCheckpoints

/// SHA-256 in hexadecimal, as `expected.json` files and download pages have it.
enum SHA256Text {
  /// Of a tensor's contiguous little-endian bytes in C order.
  ///
  /// - Parameter passed: Called with the size of each window.
  static func of(_ tensor: Tensor, passed: (Int) -> Void = { _ in }) throws -> String {
    let hash = try SHA256()
    try unsafe tensor.forEachWindow { window in
      try unsafe hash.update(window)
      passed(window.count)
    }
    return try hash.hexDigest()
  }

  /// Of a checkpoint's file, as it is.
  static func of(_ checkpoint: Checkpoint) throws -> String {
    let hash = try SHA256()
    try unsafe checkpoint.forEachWindow { window in try unsafe hash.update(window) }
    return try hash.hexDigest()
  }
}
