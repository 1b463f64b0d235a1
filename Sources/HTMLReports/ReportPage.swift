import Digests
import StateDicts
import Terminal
package import TorchCheckpoints
package import VisionModels

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A report on a checkpoint, or on the difference between two, as one HTML page, which loads nothing and works offline.
///
/// The page's structure, style and script are the files in `Page/`. Everything from the checkpoint is in one block of
/// JSON, from which the script makes text only, never markup. A content security policy with the script's hash is the
/// second line of defence: a browser runs no other script in the page.
package struct ReportPage {
  private let data: PageData
  private let title: String
  private let summary: String

  /// Creates the page.
  ///
  /// - Parameters:
  ///   - inspection: The report, with statistics if the page is to show them.
  ///   - fit: The match with a model, if one was requested.
  /// - Throws: `ParameterError` for a model whose layers cannot be frozen as its catalogue entry says.
  package init(of inspection: Inspection, fit: ModelFit? = nil) throws {
    data = try PageData(inspection, fit)
    // Without its folders, which are nobody's business who gets the page.
    title = FilePath(inspection.file).name.description
    summary = data.sentence
  }

  /// Creates the page of a difference.
  ///
  /// - Parameters:
  ///   - difference: The difference from the first state dict to the second.
  ///   - files: The paths of the two.
  package init(of difference: Difference, from first: StateDict, to second: StateDict, files: [FilePath]) {
    var names = files.map(\.name.description)
    // Two epochs may be called alike, in folders of their own.
    if names[0] == names[1] { names = files.map { "\($0.folder.name)/\($0.name)" } }
    if names[0] == names[1] { names = zip(["first", "second"], names).map { "\($0) \($1)" } }
    data = PageData(difference, first, second, names: names)
    title = "Changes from \(names[0]) to \(names[1])"
    summary = data.sentence
  }

  /// The page as UTF-8.
  ///
  /// - Parameter version: The version of the program, shown at the end.
  package func html(version: String) throws -> String {
    let script = Self.text(PackageResources.report_js)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    let parts = [
      "title": title.escaped.asHTML,
      "summary": summary.escaped.asHTML,
      "version": version.asHTML,
      "style": Self.text(PackageResources.report_css),
      "script": script,
      "script-hash": try Self.integrity(of: "\n" + script + "\n"),
      "data": String(decoding: try encoder.encode(data), as: UTF8.self).insideScript,
    ]
    // In one pass, so that nothing in a part is taken for a place of the template.
    var page = ""
    var rest = Self.text(PackageResources.report_html)[...]
    while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
      page += rest[..<start.lowerBound]
      page += parts[String(rest[start.upperBound..<end.lowerBound])] ?? ""
      rest = rest[end.upperBound...]
    }
    return page + rest
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The hash of a script as a content security policy states it.
  ///
  /// Source: https://www.w3.org/TR/CSP3/#grammardef-hash-source
  private static func integrity(of script: String) throws -> String {
    let digits = Array(try SHA256.hexDigest(of: Array(script.utf8)).utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { place in
      UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
    }
    return "sha256-" + Data(bytes).base64EncodedString()
  }
}

extension String {
  /// The text with everything replaced that HTML could take for markup.
  fileprivate var asHTML: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.append(character)
      }
    }
  }

  /// JSON without characters that could end a script element; they occur only in its strings, where escapes stand for them.
  fileprivate var insideScript: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(utf8.count)
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "<"): bytes += "\\u003c".utf8
      case UInt8(ascii: ">"): bytes += "\\u003e".utf8
      case UInt8(ascii: "&"): bytes += "\\u0026".utf8
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
