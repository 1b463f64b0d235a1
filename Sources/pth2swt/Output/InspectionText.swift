import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

/// The text form of an inspection: a summary of the file, then its tensors.
struct InspectionText {
  private let report: Inspection
  private let filter: String?
  private let depth: Int?
  private let listsAll: Bool
  private let screen: Screen

  /// The largest number of rows that are listed without --all, where there is no screen.
  private static let rowLimit = 40

  init(_ report: Inspection, filter: String?, depth: Int?, listsAll: Bool, screen: Screen) {
    self.screen = screen
    self.report = report
    self.filter = filter
    self.depth = depth
    self.listsAll = listsAll
  }

  var lines: some Sequence<StyledText> { [AnySequence(styledSummary + [""]), tensors].joined() }

  /// The summary, in which what needs attention is coloured.
  private var styledSummary: [StyledText] {
    summary.enumerated().map { place, line in
      if place == 0 { return StyledText(line, .strong) }
      return StyledText(line, line.hasPrefix("  DANGEROUS") ? .bad : line.hasPrefix("  note: ") ? .warning : .plain)
    }
  }

  // MARK: - Summary

  private var summary: [String] {
    var lines = ["\(report.file): \(report.format), \(Readable.bytes(report.byteCount))"]
    let types = report.types.map { "\($0.dtype) × \($0.tensorCount) (\(Readable.bytes($0.byteCount)))" }
    lines.append(
      "  \(Readable.count(report.tensors.count, of: "tensor")), \(Readable.count(report.parameterCount, of: "parameter"))"
        + (types.isEmpty ? "" : ": " + types.joined(separator: ", ")))
    if listsAll, !report.marks.isEmpty {
      lines.append("  " + report.marks.map { "\($0) \($1.stringValue ?? $1.text)" }.joined(separator: ", "))
    }
    if let key = report.stateDictKey { lines.append("  state dict: under \(key)") }
    for group in report.ties.prefix(5) {
      lines.append("  tied: " + short(group, separator: " = ", limit: 12, "listed with --all"))
    }
    if report.ties.count > 5 { lines.append("  tied: \(report.ties.count - 5) more groups (listed with --json)") }
    if report.storages.usedByteCount < report.storages.byteCount {
      let waste = report.storages.wasted
      lines.append(
        "  storages: \(Readable.bytes(report.storages.byteCount)) stored, "
          + "\(Readable.bytes(report.storages.usedByteCount)) used"
          + (waste.isEmpty ? "" : ", most wasted under " + waste[0].tensors.prefix(3).joined(separator: ", ")))
    }
    for group in report.storages.overlaps.prefix(5) {
      lines.append("  overlapping: " + short(group, limit: 12, "listed with --all"))
    }
    let unused = report.storages.unused
    if !unused.isEmpty {
      let names = unused.prefix(5).map { "\($0.entry) (\(Readable.bytes($0.byteCount)))" }
      lines.append("  unused records: " + names.joined(separator: ", ") + (unused.count > 5 ? ", …" : ""))
    }
    if !report.sources.isEmpty {
      lines.append("  source text of: " + report.sources.map(\.name).joined(separator: ", "))
    }
    let groups: [([GlobalUse.Verdict], String)] = [
      ([.inert, .unknown], "kept as records"), ([.dangerous], "DANGEROUS, not run"),
    ]
    for (verdicts, title) in groups {
      let names = report.globals.filter { verdicts.contains($0.verdict) }.map(\.name)
      guard !names.isEmpty else { continue }
      lines.append("  \(title): " + short(names, "listed by pth2swt scan"))
    }
    if !report.otherValues.isEmpty {
      let texts = report.otherValues.map { "\($0) = \(Self.short($1))" }
      lines.append("  other values: " + texts.prefix(12).joined(separator: ", ") + (texts.count > 12 ? ", …" : ""))
    }
    return lines + notes.map { "  note: \($0)" }
  }

  /// The first few names, and the number of others.
  private func short(_ names: [String], separator: String = ", ", limit: Int = 3, _ remedy: String) -> String {
    let limit = listsAll ? names.count : limit
    let rest = names.count > limit ? " and \(Readable.count(names.count - limit)) more (\(remedy))" : ""
    return names.prefix(limit).joined(separator: separator) + rest
  }

  /// The notes, with similar ones combined.
  private var notes: [String] {
    if listsAll { return report.notes }
    var order: [String] = []
    var groups: [String: (first: String, count: Int)] = [:]
    for note in report.notes {
      let pattern = Self.withoutNames(note)
      if groups[pattern] == nil { order.append(pattern) }
      groups[pattern, default: (note, 0)].count += 1
    }
    return order.compactMap { pattern in
      groups[pattern].map { $0.count == 1 ? $0.first : "\($0.first) (and \($0.count - 1) more, listed with --all)" }
    }
  }

  /// A note without words that look like a tensor name, a file name or a number.
  private static func withoutNames(_ note: String) -> String {
    note.split(separator: " ").map { word in
      word.dropLast().contains { "._/-".contains($0) || $0.isNumber } || word.contains { $0.isNumber } ? "" : word
    }.joined(separator: " ")
  }

  private static func short(_ value: JSONValue) -> String {
    var room = 64
    let text = value.beginning(&room).text
    return text.count > 48 ? text.prefix(45) + "…" : text
  }

  // MARK: - Tensors

  private var tensors: AnySequence<StyledText> {
    let rows = filter.map { report.filtered(by: $0).tensors } ?? report.tensors
    // The summary, an empty line before and after the tree, the line below it, and the shell's next line.
    let room = screen.rows.map { max($0 - summary.count - 5, 12) } ?? Self.rowLimit
    let isShort = rows.count <= room && !rows.contains { Self.isOfOptimizer($0.name) }
    if filter != nil || listsAll || (depth == nil && isShort) { return table(rows) }
    let advice = "To list all tensors use --all, some of them --filter '*.weight', a deeper tree --depth N."
    let tree = InspectionTree(rows, depth: depth, limit: room).lines(on: screen)
    return AnySequence([AnySequence(tree), AnySequence(["", StyledText(advice, .faint)])].joined())
  }

  private func table(_ rows: [Inspection.Row]) -> AnySequence<StyledText> {
    if rows.contains(where: { $0.statistics != nil }) { return statisticsTable(rows) }
    let hasHashes = rows.contains { $0.sha256 != nil }
    var table = TextTable(rightAligned: [false, false, false, true, false])
    table.add(rows) { row in
      let type = row.kind.map { "\(row.dtype) \($0.rawValue)" } ?? row.dtype.rawValue
      let mark = hasHashes ? row.sha256 ?? "-" : row.device ?? ""
      return [row.name, type, Readable.shape(row.shape), Readable.bytes(row.byteCount), mark].map { StyledText($0) }
    }
    return AnySequence(table.lines(on: screen, dropping: hasHashes ? [3, 1, 2] : [4, 3]))
  }

  private func statisticsTable(_ rows: [Inspection.Row]) -> AnySequence<StyledText> {
    var table = TextTable(rightAligned: [false, false, false] + [Bool](repeating: true, count: 7))
    table.add(["", "", "", "min", "max", "mean", "std", "zeros", "nan", "inf"].map { StyledText($0, .faint) })
    table.add(rows) { row in
      let statistics = row.statistics
      let figures = [statistics?.minimum, statistics?.maximum, statistics?.mean, statistics?.standardDeviation].map {
        $0.map(Readable.figure) ?? "-"
      }
      let zeros = statistics.map { Readable.count($0.zeros) } ?? "-"
      let faults = [statistics?.nan, statistics?.infinities].map { count in
        StyledText(count.map { Readable.count($0) } ?? "-", count ?? 0 > 0 ? .bad : .plain)
      }
      return ([row.name, row.dtype.rawValue, Readable.shape(row.shape)] + figures + [zeros]).map { StyledText($0) }
        + faults
    }
    let faulty = rows.filter { row in row.statistics.map { $0.nan + $0.infinities > 0 } ?? false }.map(\.name)
    let shown = faulty.prefix(3).joined(separator: ", ") + (faulty.count > 3 ? " …" : "")
    let fault = StyledText("NaN or infinity in \(Readable.count(faulty.count, of: "tensor")): \(shown)", .bad)
    return AnySequence(
      [AnySequence(table.lines(on: screen, dropping: [1, 2, 7, 6, 5])), AnySequence(faulty.isEmpty ? [] : [fault])]
        .joined())
  }

  private static func isOfOptimizer(_ name: String) -> Bool {
    name.prefix { $0 != "." }.lowercased().contains("optim") && name.contains(".")
  }
}

extension JSONValue {
  /// What of the value is at the beginning of its text, as far as there is room for characters.
  fileprivate func beginning(_ room: inout Int) -> JSONValue {
    room = max(room - 1, 0)
    switch self {
    case .string(let text):
      let beginning = String(text.prefix(room))
      room -= beginning.count
      return .string(beginning)
    case .array(let items):
      var beginning: [JSONValue] = []
      for item in items.prefix(room) { beginning.append(item.beginning(&room)) }
      return .array(beginning)
    case .object(let members):
      var beginning = JSONObject()
      for member in members.prefix(room) {
        room = max(room - member.name.utf8.count, 0)
        beginning.append(String(member.name.prefix(64)), member.value.beginning(&room))
      }
      return .object(beginning)
    default: return self
    }
  }
}
