package import StateDicts

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

#if canImport(CryptoKit)
  import CryptoKit
#else
  import CPth2swtCrypto
#endif

/// A SHA-256 that takes its bytes in pieces: by CryptoKit on Apple's systems, by OpenSSL's libcrypto elsewhere.
///
/// Both use the processor's SHA instructions. A Swift package for this took longer to compile than the rest of the
/// command.
@safe package final class SHA256 {
  #if canImport(CryptoKit)
    private var hash = CryptoKit.SHA256()

    package init() throws(CheckpointError) {}

    /// Takes in the next bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
      unsafe hash.update(bufferPointer: bytes)
    }

    /// The digest of all bytes so far, as 64 lower-case hexadecimal digits; more bytes may follow.
    package func hexDigest() throws(CheckpointError) -> String {
      Self.hexadecimal(hash.finalize())
    }
  #else
    private let context: OpaquePointer

    /// The corresponding C functions are `EVP_MD_CTX_new` and `EVP_DigestInit_ex`.
    ///
    /// - Throws: `inputOutput` where libcrypto refuses, as it does without memory.
    package init() throws(CheckpointError) {
      guard let context = unsafe EVP_MD_CTX_new() else { throw Self.refusal }
      unsafe self.context = context
      guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { throw Self.refusal }
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Takes in the next bytes.
    ///
    /// The corresponding C function is `EVP_DigestUpdate`.
    package func update(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
      guard unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else { throw Self.refusal }
    }

    /// The digest of all bytes so far, as 64 lower-case hexadecimal digits; more bytes may follow.
    ///
    /// The corresponding C functions are `EVP_MD_CTX_copy_ex` and `EVP_DigestFinal_ex`.
    package func hexDigest() throws(CheckpointError) -> String {
      let copy = try SHA256()
      var digest = [UInt8](repeating: 0, count: 32)
      guard unsafe EVP_MD_CTX_copy_ex(copy.context, context) == 1,
        unsafe EVP_DigestFinal_ex(copy.context, &digest, nil) == 1
      else { throw Self.refusal }
      return Self.hexadecimal(digest)
    }

    private static var refusal: CheckpointError { CheckpointError(.inputOutput, "libcrypto cannot compute a SHA-256.") }
  #endif

  private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Takes in the next bytes.
  package func update(_ bytes: some ContiguousBytes) throws(CheckpointError) {
    let outcome = unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in try unsafe update(bytes) }
    }
    try outcome.get()
  }

  /// The digest of bytes that are all there.
  package static func hexDigest(of bytes: some ContiguousBytes) throws(CheckpointError) -> String {
    let hash = try SHA256()
    try hash.update(bytes)
    return try hash.hexDigest()
  }
}
