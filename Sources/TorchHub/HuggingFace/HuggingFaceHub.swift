public import Foundation
public import StateDicts

/// Where models of Hugging Face come from and where they are kept: the server, its token, and the cache folder.
///
/// The environment is read as `huggingface_hub` reads it:
///
///     HF_HUB_CACHE, or else $HF_HOME/hub             the cache; HF_HOME is $XDG_CACHE_HOME/huggingface or ~/.cache/huggingface
///     HF_ENDPOINT                                    the server (https://huggingface.co)
///     HF_TOKEN, or else the file $HF_TOKEN_PATH      the token; the file is $HF_HOME/token
///     HF_HUB_OFFLINE                                 use only the cache
public struct HuggingFaceHub: Sendable {
  /// The server.
  public let endpoint: URL
  /// The cache folder, which need not exist yet.
  public let cacheFolder: URL
  /// Whether to use only the cache, never the network.
  public let isOffline: Bool
  /// Sent to the endpoint, and to no other host.
  let token: AccessToken?

  /// Hugging Face's own server.
  public static let defaultEndpoint = "https://huggingface.co"

  /// Creates a hub.
  ///
  /// - Parameters:
  ///   - endpoint: The server.
  ///   - token: A token for private and gated models. It is sent to the endpoint and to no other host, and never printed.
  ///   - cacheFolder: The cache folder; on iOS, use one in the app's caches folder.
  ///   - isOffline: Whether to use only the cache.
  /// - Throws: `unsupported` for an endpoint that is not an http or https URL, or a token that cannot be one.
  public init(
    endpoint: String = HuggingFaceHub.defaultEndpoint, token: String? = nil, cacheFolder: URL, isOffline: Bool = false
  ) throws(CheckpointError) {
    try self.init(
      endpoint: endpoint,
      token: token.flatMap { text throws(CheckpointError) in try AccessToken(text, from: "The token") },
      cacheFolder: cacheFolder, isOffline: isOffline)
  }

  private init(
    endpoint text: String, token: AccessToken?, cacheFolder: URL, isOffline: Bool
  ) throws(CheckpointError) {
    var trimmed = text[...]
    while trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let endpoint = URL(string: String(trimmed)), let host = endpoint.host(percentEncoded: true), !host.isEmpty,
      ["http", "https"].contains(endpoint.scheme?.lowercased()), endpoint.query(percentEncoded: true) == nil,
      endpoint.fragment(percentEncoded: true) == nil, endpoint.user(percentEncoded: true) == nil
    else {
      throw CheckpointError(
        .unsupported, "The endpoint is not an http or https URL.",
        remedy: "set HF_ENDPOINT to one such as https://huggingface.co")
    }
    self.endpoint = endpoint
    self.token = token
    self.cacheFolder = cacheFolder
    self.isOffline = isOffline
  }

  /// Creates the hub of an environment.
  ///
  /// - Throws: The errors of the other initializer; `notReadable` for a token file that cannot be read.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(CheckpointError) {
    func path(_ name: String, _ otherwise: String) -> String {
      let path = PythonPath.expandingUser(environment[name] ?? otherwise, environment)
      return PythonPath.expandingVariables(path, environment)
    }
    let home = path("HF_HOME", PythonPath.joined(environment["XDG_CACHE_HOME"] ?? "~/.cache", "huggingface"))
    let cache = path("HF_HUB_CACHE", environment["HUGGINGFACE_HUB_CACHE"] ?? PythonPath.joined(home, "hub"))
    let offline = [environment["HF_HUB_OFFLINE"], environment["TRANSFORMERS_OFFLINE"]].compactMap(\.self)
    let endpoint = environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 }
    try self.init(
      endpoint: endpoint ?? Self.defaultEndpoint,
      token: Self.token(environment, file: path("HF_TOKEN_PATH", PythonPath.joined(home, "token"))),
      cacheFolder: URL(fileURLWithPath: cache, isDirectory: true),
      isOffline: Self.isTrue(offline.first { !$0.isEmpty }))
  }

  private static func isTrue(_ value: String?) -> Bool {
    value.map { ["1", "ON", "YES", "TRUE"].contains($0.uppercased()) } ?? false
  }

  /// The token of the variables, or else of a file.
  private static func token(_ environment: [String: String], file: String) throws(CheckpointError) -> AccessToken? {
    guard !isTrue(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) else { return nil }
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
      if let text = environment[name], let token = try AccessToken(text, from: name) { return token }
    }
    guard OpenFile.isFolder(file) == false else { return nil }
    let bytes = try OpenFile(reading: file).read(at: 0, count: 1 << 16)
    return try AccessToken(String(decoding: bytes, as: UTF8.self), from: "The token file \(file)")
  }

  /// Whether a URL is one of the endpoint's server: the same scheme, host and port.
  func isEndpoint(_ url: URL) -> Bool {
    func origin(_ url: URL) -> [String?] {
      let scheme = url.scheme?.lowercased()
      let port = url.port ?? (scheme == "https" ? 443 : 80)
      return [scheme, url.host(percentEncoded: true)?.lowercased(), "\(port)"]
    }
    return origin(url) == origin(endpoint)
  }

  /// The URL of a file at the endpoint.
  func url(of address: HuggingFaceAddress) throws(CheckpointError) -> URL {
    let revision = address.revision.percentEncoded(keepingSlashes: false)
    return try url("\(address.repository)/resolve/\(revision)/\(address.path.percentEncoded(keepingSlashes: true))")
  }

  /// The URL of what the endpoint knows about a revision.
  func listing(of address: HuggingFaceAddress) throws(CheckpointError) -> URL {
    let revision = address.revision.percentEncoded(keepingSlashes: false)
    return try url("api/models/\(address.repository)/revision/\(revision)")
  }

  private func url(_ path: String) throws(CheckpointError) -> URL {
    guard let url = URL(string: "\(endpoint.absoluteString)/\(path)") else {
      throw CheckpointError(.unsupported, "\(path) cannot be part of a URL.")
    }
    return url
  }
}

extension HuggingFaceHub: CustomStringConvertible {
  /// The endpoint and the cache folder, without the token.
  public var description: String { "\(endpoint.absoluteString), cached in \(cacheFolder.path)" }
}

extension String {
  /// The text as a part of a URL's path (RFC 3986).
  func percentEncoded(keepingSlashes keepsSlashes: Bool) -> String {
    let digits = Array("0123456789ABCDEF")
    return utf8.reduce(into: "") { text, byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        scalar.properties.isAlphabetic && byte < 0x80 || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || "-._~".unicodeScalars.contains(scalar) || keepsSlashes && scalar == "/"
      if isPlain {
        text.unicodeScalars.append(scalar)
      } else {
        text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}
