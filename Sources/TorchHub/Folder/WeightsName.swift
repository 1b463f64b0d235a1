import Foundation
import StateDicts

/// The name that a URL's file has in the cache folder.
struct WeightsName: Equatable {
  let text: String

  /// The name that is asked for, or else the URL's.
  ///
  /// torch takes `os.path.basename(urlparse(url).path)`: percent escapes stay as they are, and `;parameters` are cut
  /// off.
  ///
  /// - Throws: `unsupported` for a name that is none (nothing, `.`, `..`, one with a slash).
  init(of url: URL, asked: String?) throws(CheckpointError) {
    if let asked {
      text = asked
    } else {
      let last = url.path(percentEncoded: true).split(separator: "/", omittingEmptySubsequences: false).last ?? ""
      text = String(last.prefix { $0 != ";" })
    }
    guard !text.isEmpty, text != ".", text != "..", !text.contains("/"), !text.contains("\0") else {
      throw CheckpointError(
        .unsupported, "\"\(text)\" cannot be used as a file name.", file: url.shown,
        remedy: "use a URL that ends in a file name, or set fileName")
    }
  }

  /// The hash in the name: what torch's pattern `-([a-f0-9]*)\.` finds, where it is the eight digits or more that torch
  /// asks of names.
  var hashDigits: String? {
    for start in text.indices where text[start] == "-" {
      let rest = text[text.index(after: start)...]
      let digits = rest.prefix { ("0"..."9").contains($0) || ("a"..."f").contains($0) }
      if digits.count >= 8, rest[digits.endIndex...].hasPrefix(".") { return String(digits) }
    }
    return nil
  }
}

extension URL {
  /// The URL as messages show it: without the parts that may hold a password or a token.
  var shown: String {
    guard let host = host(percentEncoded: true) else { return path }
    let place = port.map { "\(host):\($0)" } ?? host
    return "\(scheme ?? "")://\(place)\(path(percentEncoded: true))"
  }

  /// Refuses what is not downloaded.
  ///
  /// - Throws: `unsupported` for another scheme than http and https or no host, `insecureURL` for http where it is not
  ///   allowed.
  func checkDownloadable(allowsPlainHTTP: Bool) throws(CheckpointError) {
    let scheme = scheme?.lowercased()
    guard scheme == "https" || scheme == "http", let host = host(percentEncoded: true), !host.isEmpty else {
      throw CheckpointError(
        .unsupported, "Only http and https URLs can be downloaded.", file: shown,
        remedy: scheme == "hf" ? "make a HuggingFaceAddress of it" : nil)
    }
    guard scheme == "https" || allowsPlainHTTP else {
      throw CheckpointError(
        .insecureURL, "The URL uses plain http, so the file could be changed in transit.", file: shown,
        remedy: "use https, or allow http on a network that you trust (--allow-http, allowsPlainHTTP: true)")
    }
  }
}
