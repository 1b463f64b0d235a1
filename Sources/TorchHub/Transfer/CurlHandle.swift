#if os(Linux)
  import CPth2swtCurl
  import StateDicts

  /// libcurl's handle with the connections that it keeps open: the next request to the same server need not connect again.
  @safe struct CurlHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    private static let idle = Locked([CurlHandle]())
    /// How many are kept.
    private static let idleLimit = 4

    /// A handle that is used by one thread until it is given back; nil if there is no memory.
    ///
    /// The corresponding C function is `curl_easy_init`.
    static func take() -> CurlHandle? {
      if let kept = idle.withLock({ $0.popLast() }) { return kept }
      guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let pointer = unsafe curl_easy_init() else {
        return nil
      }
      return unsafe CurlHandle(pointer: pointer)
    }

    /// The corresponding C function is `curl_easy_reset`.
    func giveBack() {
      unsafe curl_easy_reset(pointer)
      let isKept = Self.idle.withLock { idle in
        guard idle.count < Self.idleLimit else { return false }
        idle.append(self)
        return true
      }
      if !isKept { unsafe curl_easy_cleanup(pointer) }
    }
  }
#endif
