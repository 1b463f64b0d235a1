/// What a download may do, and how long it tries.
public struct DownloadOptions: Sendable {
  /// The name to keep the file under; nil for the URL's last path component.
  ///
  /// Two URLs with one name are one file to torch's cache: give names of your own where a site calls everything
  /// `pytorch_model.bin`.
  public var fileName: String?
  /// Which SHA-256 the file must have.
  public var hash: HashCheck
  /// Whether a file that is already in the cache is hashed too.
  ///
  /// torch does not, and it costs reading the whole file.
  public var checksCachedFile: Bool
  /// Whether to use the cache only, and never the network.
  public var isOffline: Bool
  /// Whether http is good enough, for the URL itself and for where it redirects to.
  public var allowsPlainHTTP: Bool
  /// How many seconds connecting may take.
  ///
  /// Apple's systems have one time-out: the largest of this and the next two.
  public var connectSeconds: Double
  /// How many seconds may pass between the request and the answer's first byte.
  public var firstByteSeconds: Double
  /// How many seconds may pass without a byte, once the answer has begun, before a connection counts as lost.
  public var idleSeconds: Double
  /// How many times in a row a lost connection or a busy server (408, 429, 5xx) is tried again without a new byte.
  public var retries: Int
  /// How long to wait before the first of these tries; each further wait is twice as long, up to half a minute.
  public var retryDelay: Duration
  /// How many redirects are followed, one after another; ten, as Python's urllib has it.
  public var redirects: Int

  /// Creates options; what is not given is as the defaults say.
  public init(
    fileName: String? = nil, hash: HashCheck = .name, checksCachedFile: Bool = false, isOffline: Bool = false,
    allowsPlainHTTP: Bool = false, connectSeconds: Double = 30, firstByteSeconds: Double = 60, idleSeconds: Double = 30,
    retries: Int = 4, retryDelay: Duration = .seconds(1), redirects: Int = 10
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
  }
}

/// Which SHA-256 a downloaded file must have.
public enum HashCheck: Sendable, Equatable {
  /// The digits that the name holds between `-` and `.`, as in `mobilenet_v2-b0353104.pth`, where they are eight or
  /// more.
  ///
  /// That is what torch documents for `check_hash=True`. Fewer digits, as in `model-2.pth`, are taken for a version.
  case name
  /// These first hexadecimal digits, up to all 64.
  case prefix(String)
  /// Any.
  case none
}
