#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A name that equals another when their bytes do.
///
/// Swift strings are equal if they look the same, however accents are composed; in torch these are two keys.
package struct ExactName: Hashable, Sendable {
  /// The name.
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  /// The corresponding C function is `memcmp`; a text's own bytes one by one are slower than the rest of a look-up.
  package static func == (left: Self, right: Self) -> Bool {
    let isEqual: Bool?? = unsafe left.text.utf8.withContiguousStorageIfAvailable { left in
      unsafe right.text.utf8.withContiguousStorageIfAvailable { right in
        guard left.count == right.count else { return false }
        guard let a = left.baseAddress, let b = right.baseAddress else { return true }
        return unsafe memcmp(a, b, left.count) == 0
      }
    }
    return (isEqual ?? nil) ?? left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    }
    if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
  }
}
