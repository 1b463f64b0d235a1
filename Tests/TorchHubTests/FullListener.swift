import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A port on 127.0.0.1 that listens, and whose queue of connections is full: another one is neither taken nor refused.
final class FullListener {
  let url: URL
  private let listener: CInt
  private var waiting: [CInt] = []

  init() throws {
    #if canImport(Glibc)
      let stream = CInt(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    listener = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    var waiting: [CInt] = []
    let isFull = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard unsafe bind(listener, address, size) == 0, listen(listener, 0) == 0,
          unsafe getsockname(listener, address, &size) == 0
        else { return false }
        for _ in 0..<4 {
          let other = socket(AF_INET, stream, 0)
          _ = fcntl(other, F_SETFL, O_NONBLOCK)
          _ = unsafe connect(other, address, size)
          waiting.append(other)
        }
        return true
      }
    }
    guard isFull, let url = URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/m.pth") else {
      throw POSIXError(.EADDRINUSE)
    }
    self.url = url
    self.waiting = waiting
  }

  deinit { for descriptor in waiting + [listener] { close(descriptor) } }
}
