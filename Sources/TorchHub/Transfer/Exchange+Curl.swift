#if os(Linux)
  import CPth2swtCurl
  import Foundation
  import StateDicts

  /// One request and its response, with the body handed on as it arrives: by libcurl, which waits without work.
  ///
  /// Foundation's URLSession on Linux is made of libcurl too. But it keeps asking whether a socket can be written to
  /// after the request has been sent, so it spends a core on every wait; and it takes in a body faster than a slow
  /// disk.
  ///
  /// Redirects are not followed: they come out as responses, so that who asks decides where to go.
  final class Exchange: Sendable {
    private let onHead: @Sendable (ResponseHead) throws -> Void
    private let onBody: @Sendable (Data) throws -> Void

    /// Both closures are called on a thread of the exchange's, one call at a time; what they throw ends it.
    init(
      onHead: @escaping @Sendable (ResponseHead) throws -> Void, onBody: @escaping @Sendable (Data) throws -> Void
    ) {
      self.onHead = onHead
      self.onBody = onBody
    }

    /// Sends the request and returns when the body is complete.
    ///
    /// - Throws: What a closure threw; `CancellationError`; `Turn.again` or `connectionFailed` if the network failed.
    func run(_ request: Request) async throws {
      let isCancelled = Locked(false)
      try await withTaskCancellationHandler {
        try await offCooperativePool { [onHead, onBody] in
          let reception = Reception(request, isCancelled, onHead, onBody)
          try Self.perform(request, reception)
        }
      } onCancel: {
        isCancelled.withLock { $0 = true }
      }
    }

    /// The file of certificates to trust that `SSL_CERT_FILE` names, as for OpenSSL and curl; nil for the system's.
    private static var trustedCertificates: String? {
      ProcessInfo.processInfo.environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The corresponding C functions are `curl_easy_setopt` and `curl_easy_perform`.
    private static func perform(_ request: Request, _ reception: Reception) throws {
      let place = request.url.shown
      guard let kept = CurlHandle.take() else {
        throw CheckpointError(.connectionFailed, "libcurl cannot be started.", file: place)
      }
      defer { kept.giveBack() }
      let handle = unsafe kept.pointer
      var fields: UnsafeMutablePointer<curl_slist>?
      defer { unsafe curl_slist_free_all(fields) }
      for (name, value) in request.fields { unsafe fields = unsafe curl_slist_append(fields, "\(name): \(value)") }
      let state = unsafe Unmanaged.passUnretained(reception).toOpaque()
      let milliseconds = Int(clamping: Int64(max(request.timeouts.connecting, 0.001) * 1000))
      let results = unsafe [
        pth2swt_set_text(handle, CURLOPT_URL, request.url.absoluteString),
        pth2swt_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
        pth2swt_set_pointer(handle, CURLOPT_HTTPHEADER, fields),
        // Bodies that come compressed though that was not asked for are unpacked.
        pth2swt_set_text(handle, CURLOPT_ACCEPT_ENCODING, ""),
        pth2swt_set_number(handle, CURLOPT_NOBODY, request.method == .head ? 1 : 0),
        pth2swt_set_number(handle, CURLOPT_NOSIGNAL, 1),
        pth2swt_set_number(handle, CURLOPT_NOPROGRESS, 0),
        pth2swt_set_number(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
        pth2swt_set_number(handle, CURLOPT_BUFFERSIZE, 1 << 17),
        pth2swt_set_number(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds),
        pth2swt_set_pointer(handle, CURLOPT_HEADERDATA, state),
        pth2swt_set_receiver(handle, CURLOPT_HEADERFUNCTION) { line, size, count, state in
          unsafe Reception.at(state)?.receive(line: UnsafeRawBufferPointer(start: line, count: size * count)) ?? 0
        },
        pth2swt_set_pointer(handle, CURLOPT_WRITEDATA, state),
        pth2swt_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, state in
          unsafe Reception.at(state)?.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        },
        pth2swt_set_pointer(handle, CURLOPT_XFERINFODATA, state),
        pth2swt_set_progress(handle) { state, _, received, _, _ in
          unsafe Reception.at(state)?.progress(sent: Int(received)) == true ? 0 : 1
        },
        pth2swt_set_pointer(handle, CURLOPT_PREREQDATA, state),
        pth2swt_set_before_request(handle) { state, _, _, _, _ in
          unsafe Reception.at(state)?.beginWaiting()
          return CURL_PREREQFUNC_OK
        },
        trustedCertificates.map { unsafe pth2swt_set_text(handle, CURLOPT_CAINFO, $0) } ?? CURLE_OK,
      ]
      guard results.allSatisfy({ $0 == CURLE_OK }) else {
        throw CheckpointError(.connectionFailed, "libcurl refuses the request.", file: place)
      }
      let code = unsafe curl_easy_perform(handle)
      try withExtendedLifetime(reception) { try reception.end(code) }
    }
  }
#endif
