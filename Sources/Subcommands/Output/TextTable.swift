package import Terminal

/// Rows with their columns aligned.
package struct TextTable {
  /// Rows are made when they are measured and again when they are shown: of many, one is in memory.
  private var rows: [AnySequence<[StyledText]>] = []
  private let isRightAligned: [Bool]

  package init(rightAligned: [Bool]) {
    isRightAligned = rightAligned
  }

  /// Adds a row; its cells are escaped before they are measured.
  package mutating func add(_ cells: String...) { add(cells.map { StyledText($0) }) }

  /// Adds a row.
  package mutating func add(_ cells: [StyledText]) { rows.append(AnySequence(CollectionOfOne(cells))) }

  /// Adds a row for each item.
  package mutating func add<Item>(_ items: [Item], cells: @escaping (Item) -> [StyledText]) {
    rows.append(AnySequence(items.lazy.map(cells)))
  }

  /// The rows, however long.
  package var lines: [String] { lines(on: Screen()).map(\.text) }

  /// The narrowest that a first column becomes.
  private static let narrowest = 16

  /// The rows as they fit a screen.
  ///
  /// - Parameter dropping: Columns to leave out, one after another, until the first one can be shortened enough.
  package func lines(on screen: Screen, dropping columns: [Int] = []) -> some Sequence<StyledText> {
    var widths = [Int](repeating: 0, count: isRightAligned.count)
    for row in rows.joined() {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    var shown = Array(widths.indices)
    if let limit = screen.columns {
      func width() -> Int { shown.reduce(0) { $0 + (widths[$1] > 0 || $1 == 0 ? widths[$1] + 2 : 0) } - 2 }
      for column in columns where width() - widths[0] + min(widths[0], Self.narrowest) > limit {
        shown.removeAll { $0 == column }
      }
      if width() > limit { widths[0] = min(widths[0], max(Self.narrowest, limit - (width() - widths[0]))) }
    }
    return rows.lazy.joined().map { [widths, shown] row in
      var line = StyledText("")
      for (place, column) in shown.filter({ $0 < row.count }).enumerated() {
        let cell = column == 0 ? row[0].shortened(to: widths[0]) : row[column]
        let space = widths[column] - cell.count
        line.pad((place > 0 ? 2 : 0) + (isRightAligned[column] ? space : 0))
        line += cell
        if !isRightAligned[column] { line.pad(space) }
      }
      return line.trimmed
    }
  }
}
