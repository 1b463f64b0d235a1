import ArgumentParser
import StateDicts
import Subcommands
import Terminal

/// The text form of a difference: names and forms, then the tensors whose values changed, by module.
struct DifferenceText {
  /// The order of changed tensors and of their modules.
  enum Order: String, CaseIterable, ExpressibleByArgument {
    case distance, name
  }

  private let difference: Difference
  private let files: [FilePath]
  private let limit: Int
  private let order: Order
  private let screen: Screen

  init(_ difference: Difference, _ files: [FilePath], limit: Int, _ order: Order, screen: Screen) {
    self.screen = screen
    self.difference = difference
    self.files = files
    self.limit = limit
    self.order = order
  }

  var lines: [StyledText] {
    var lines = difference.onlyInFirst.map { StyledText("- \($0): only in \(files[0])", .bad) }
    lines += difference.onlyInSecond.map { StyledText("+ \($0): only in \(files[1])", .good) }
    lines += difference.renamed.map { StyledText("> \($0.from): now \($0.to)") }
    lines += difference.forms.map { form in
      StyledText(
        "! \(form.name): \(form.first) | \(form.second)" + (form.equality.map { ", \($0)" } ?? ""),
        form.equality == nil ? .warning : .plain)
    }
    lines += changes
    lines.append(
      difference.isEmpty
        ? StyledText("the same \(Readable.count(difference.same, of: "tensor"))", .good)
        : StyledText("the same: \(Readable.count(difference.same, of: "tensor"))"))
    return lines
  }

  /// A table of changed tensors, under a line for each module.
  private var changes: [StyledText] {
    let values =
      order == .name ? difference.values.sorted { $0.name < $1.name } : difference.values.sorted(by: isFarther)
    guard !values.isEmpty else { return [] }
    var modules: [String] = []
    var members: [String: [Difference.Values]] = [:]
    for each in values.prefix(limit) {
      let module = each.module
      if members[module] == nil { modules.append(module) }
      members[module, default: []].append(each)
    }
    let most = values.compactMap(\.relativeL2).max() ?? 0
    var table = TextTable(rightAligned: [false, false, true, true, true, true, true])
    table.add(
      ["~ changed", "", "relative L2", "largest", "mean", "cosine", "elements"].map { StyledText($0, .faint) })
    for module in modules {
      let rows = members[module] ?? []
      table.add([StyledText(module.isEmpty ? "(top level)" : module, .strong)])
      for each in rows {
        let figures = [each.relativeL2, each.maximum, each.mean, each.cosine].map { $0.map(Readable.figure) ?? "-" }
        let count =
          each.equality.map { "\($0)" }
          ?? (each.elements == each.of
            ? "all \(Readable.count(each.of))" : "\(Readable.count(each.elements)) of \(Readable.count(each.of))")
        let name = "  \(each.name.dropFirst(module.isEmpty ? 0 : module.count + 1))"
        table.add(
          [StyledText(name), bar(each.relativeL2, most)] + (figures + [count]).map { StyledText($0) })
      }
    }
    let rest = values.count - min(limit, values.count)
    return Array(table.lines(on: screen, dropping: [5, 4, 3, 1]))
      + (rest > 0 ? [StyledText("and \(Readable.count(rest)) more changed (--top \(values.count))", .faint)] : [])
  }

  /// Ten characters wide for the largest; what has no distance is beyond any.
  private func bar(_ distance: Double?, _ most: Double) -> StyledText {
    guard let distance else { return Bar.text(1, width: 10, on: screen) }
    return Bar.text(most > 0 ? max(distance / most, 0.001) : 0.1, width: 10, on: screen)
  }

  private func isFarther(_ one: Difference.Values, _ other: Difference.Values) -> Bool {
    one.relativeL2 ?? .infinity > other.relativeL2 ?? .infinity
  }
}

extension Difference.Values {
  /// The name without its last component.
  fileprivate var module: String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? "" }
}
