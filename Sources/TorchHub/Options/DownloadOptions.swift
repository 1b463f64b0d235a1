/// Options for a download.
public struct DownloadOptions: Sendable {
  /// The file name in the cache; nil for the last path component of the URL.
  ///
  /// Two URLs with the same name are the same file in torch's cache: use names of your own if a site calls every file
  /// `pytorch_model.bin`.
  public var fileName: String?
  /// The SHA-256 that the file must have.
  public var hash: HashCheck
  /// Whether to hash a file that is already in the cache.
  ///
  /// torch does not, because the whole file must be read.
  public var checksCachedFile: Bool
  /// Whether to use only the cache, never the network.
  public var isOffline: Bool
  /// Whether to allow http, for the URL and for redirects.
  public var allowsPlainHTTP: Bool
  /// The time limit for connecting, in seconds.
  ///
  /// Apple's systems have a single timeout, the largest of this and the next two.
  public var connectSeconds: Double
  /// The time limit from the request to the first byte of the response, in seconds.
  public var firstByteSeconds: Double
  /// The longest pause between bytes of the response, in seconds, after which the connection is lost.
  public var idleSeconds: Double
  /// The number of consecutive retries without a new byte, for a lost connection or a busy server (408, 429, 5xx).
  public var retries: Int
  /// The delay before the first retry; each further delay is twice as long, up to half a minute.
  public var retryDelay: Duration
  /// The maximum number of consecutive redirects (10, as in Python's urllib).
  public var redirects: Int
  /// The largest file of which the server does not announce the size, in bytes (64 GiB).
  ///
  /// That includes every file that arrives compressed (`Content-Encoding`), since only its compressed size is announced.
  public var unannouncedByteCount: Int

  /// Creates options.
  public init(
    fileName: String? = nil, hash: HashCheck = .name, checksCachedFile: Bool = false, isOffline: Bool = false,
    allowsPlainHTTP: Bool = false, connectSeconds: Double = 30, firstByteSeconds: Double = 60, idleSeconds: Double = 30,
    retries: Int = 4, retryDelay: Duration = .seconds(1), redirects: Int = 10, unannouncedByteCount: Int = 64 << 30
  ) {
    self.fileName = fileName
    self.hash = hash
    self.checksCachedFile = checksCachedFile
    self.isOffline = isOffline
    self.allowsPlainHTTP = allowsPlainHTTP
    self.connectSeconds = connectSeconds
    self.firstByteSeconds = firstByteSeconds
    self.idleSeconds = idleSeconds
    self.retries = retries
    self.retryDelay = retryDelay
    self.redirects = redirects
    self.unannouncedByteCount = unannouncedByteCount
  }
}
