import Foundation
import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whether a host is one of this machine or its own network, which no server elsewhere may redirect to: what answers there may trust
/// whoever is inside.
enum PrivateAddress {
  /// Whether one of a host's addresses is private.
  ///
  /// The corresponding C function is `getaddrinfo`. A name without an address is not private: connecting to it fails.
  static func has(_ host: String) -> Bool {
    let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    var first: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(name, nil, nil, &first) == 0 else { return false }
    defer { unsafe freeaddrinfo(first) }
    var next = unsafe first
    while let info = unsafe next {
      if unsafe isPrivate(info.pointee) { return true }
      unsafe next = info.pointee.ai_next
    }
    return false
  }

  private static func isPrivate(_ info: addrinfo) -> Bool {
    guard let address = unsafe UnsafeRawPointer(info.ai_addr) else { return false }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
    switch unsafe info.ai_family {
    case AF_INET where bytes.count >= 8: return isPrivate(Array(bytes[4..<8]))
    case AF_INET6 where bytes.count >= 24: return isPrivate(Array(bytes[8..<24]))
    default: return true
    }
  }

  /// Whether the 4 or 16 bytes of an address are of a block that is not global (the special-purpose registries of IANA).
  static func isPrivate(_ bytes: [UInt8]) -> Bool {
    if bytes.count == 16 {
      // An IPv4 address in another form: mapped, or behind a translator.
      if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] { return isPrivate(Array(bytes[12...])) }
      if bytes.prefix(12) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return isPrivate(Array(bytes[12...])) }
      // Global unicast is 2000::/3; all else is of a link, a site, or many.
      return bytes[0] & 0xE0 != 0x20
    }
    guard bytes.count == 4 else { return true }
    switch (bytes[0], bytes[1]) {
    case (0, _), (10, _), (127, _), (224..., _), (169, 254), (192, 168): return true
    case (100, 64..<128), (172, 16..<32), (198, 18..<20): return true
    case (192, 0): return bytes[2] == 0
    default: return false
    }
  }
}
