import Terminal

/// Rows with their columns aligned.
package struct TextTable {
  private var rows: [[String]] = []
  private let isRightAligned: [Bool]

  package init(rightAligned: [Bool]) {
    isRightAligned = rightAligned
  }

  /// Adds a row; its cells are escaped before they are measured.
  package mutating func add(_ cells: String...) { add(cells) }

  /// Adds a row; its cells are escaped before they are measured.
  package mutating func add(_ cells: [String]) {
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
