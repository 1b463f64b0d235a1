import StateDicts
import Terminal

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// Results go to standard output, all else to standard error.

/// Prints a line.
func print(_ line: String) { Output.results.write([line]) }

/// Prints lines.
func print(_ lines: [String]) { Output.results.write(lines) }

/// Prints a value as JSON.
///
/// - Parameter isLine: Whether it takes one line, as one of several.
func printJSON(_ value: some Encodable, isLine: Bool = false) throws {
  try Output.results.write(
    json: value,
    formatting: isLine
      ? [.sortedKeys, .withoutEscapingSlashes] : [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
}

func printToStandardError(_ line: String) { Output.diagnostics.write([line]) }

/// In place of Swift's own, which writes what it is given as it is, and does not tell when it could not.
@available(*, unavailable, message: "print a line (String) or lines ([String]), which are escaped and checked")
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {}

/// Numbers as people read them.
enum Readable {
  /// `167.5 MB`; powers of ten, as disks and downloads have them.
  static func bytes(_ count: Int) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
      value /= 1000
      if value < 999.95 { return "\(tenths(value)) \(unit)" }
    }
    return "\(count) B"
  }

  /// `41,755,286`.
  static func count(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  /// `1 tensor`, `348 tensors`.
  static func count(_ number: Int, of noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// Rows with their columns aligned.
struct TextTable {
  private var rows: [[String]] = []
  private let isRightAligned: [Bool]

  init(rightAligned: [Bool]) {
    isRightAligned = rightAligned
  }

  /// Adds a row; its cells are escaped before they are measured.
  mutating func add(_ cells: String...) {
    rows.append(cells.map(\.escaped))
  }

  var lines: [String] {
    var widths = [Int](repeating: 0, count: isRightAligned.count)
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return isRightAligned[column] ? space + cell : cell + space
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
