import StateDicts
import Terminal

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// Results go to standard output, all else to standard error.

/// Prints a line.
package func print(_ line: String) { Output.results.write([line]) }

/// Prints lines.
package func print(_ lines: [String]) { Output.results.write(lines) }

/// Prints a value as JSON.
///
/// - Parameter isLine: Whether it takes one line, as one of several.
package func printJSON(_ value: some Encodable, isLine: Bool = false) throws {
  try Output.results.write(
    json: value,
    formatting: isLine
      ? [.sortedKeys, .withoutEscapingSlashes] : [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
}

package func printToStandardError(_ line: String) { Output.diagnostics.write([line]) }

/// Numbers as people read them.
package enum Readable {
  /// `167.5 MB`; powers of ten, as disks and downloads have them.
  package static func bytes(_ count: Int) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
      value /= 1000
      if value < 999.95 { return "\(tenths(value)) \(unit)" }
    }
    return "\(count) B"
  }

  /// `41,755,286`.
  package static func count(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  /// `1 tensor`, `348 tensors`.
  package static func count(_ number: Int, of noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// Rows with their columns aligned.
package struct TextTable {
  private var rows: [[String]] = []
  private let isRightAligned: [Bool]

  package init(rightAligned: [Bool]) {
    isRightAligned = rightAligned
  }

  /// Adds a row; its cells are escaped before they are measured.
  package mutating func add(_ cells: String...) {
    rows.append(cells.map(\.escaped))
  }

  package var lines: [String] {
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
