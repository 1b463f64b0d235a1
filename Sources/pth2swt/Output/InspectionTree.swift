import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

/// Tensors as a tree of their names, in which as many modules are opened as fit the screen.
struct InspectionTree {
  private struct Node {
    let name: String
    let rows: [Int]
    /// How many bytes of the rows' names are above the node and in its own name, with the dot.
    let depth: Int
    let level: Int
    /// The one tensor that the node is; nil for a module.
    let tensor: Int?
    var bytes = 0
    var children: [Int]?
  }

  private let rows: [Inspection.Row]
  private var nodes: [Node] = []

  /// - Parameters:
  ///   - depth: How deep modules are opened; nil for as many as make no more lines than `limit`.
  init(_ rows: [Inspection.Row], depth: Int?, limit: Int) {
    self.rows = rows
    nodes = [Node(name: "", rows: Array(rows.indices), depth: 0, level: 0, tensor: nil)]
    var lineCount = open(0)
    var waiting = nodes[0].children ?? []
    while !waiting.isEmpty {
      var next: [Int] = []
      // Of one level the largest first: where not all fit, these are of interest.
      for place in waiting.sorted(by: { (nodes[$1].bytes, $0) < (nodes[$0].bytes, $1) })
      where nodes[place].tensor == nil {
        guard depth.map({ nodes[place].level < $0 }) ?? !Self.isOptimizer(nodes[place]) else { continue }
        let before = nodes.count
        let count = open(place)
        if depth == nil, lineCount + count > limit {
          nodes.removeLast(nodes.count - before)
          nodes[place].children = nil
          continue
        }
        lineCount += count
        next += nodes[place].children ?? []
      }
      waiting = next
    }
  }

  /// An optimizer's state has several tensors for each of the model's, and numbers for names.
  private static func isOptimizer(_ node: Node) -> Bool {
    node.level == 1 && node.name.prefix { $0 != "." }.lowercased().contains("optim")
  }

  /// Finds the children of a module, those with one child each together with it.
  ///
  /// - Returns: Their number.
  private mutating func open(_ place: Int) -> Int {
    var (places, children) = ([Substring: Int](), [Int]())
    let level = nodes[place].level + 1
    var groups: [(name: Substring, rows: [Int])] = []
    for row in nodes[place].rows {
      let rest = rows[row].name.utf8.dropFirst(nodes[place].depth)
      let name = Substring(rest.prefix { $0 != UInt8(ascii: ".") })
      // A tensor may have the name of a module.
      let key = name.utf8.count == rest.count ? Substring(rest) + "." : name
      let group = places[key] ?? groups.count
      if group == groups.count {
        places[key] = group
        groups.append((name, []))
      }
      groups[group].rows.append(row)
    }
    for (name, members) in groups {
      var depth = nodes[place].depth + name.utf8.count
      var name = String(name)
      let first = rows[members[0]].name.utf8
      let isTensor = members.count == 1 && depth == first.count
      if !isTensor {
        // `module` and `module.model`, if there is nothing beside them.
        while depth < first.count {
          let rest = first.dropFirst(depth + 1)
          let next = rest.prefix { $0 != UInt8(ascii: ".") }
          // With the dot behind it; what is before is the same in all of them.
          let part = rest.prefix(next.count + 1)
          let isOnly =
            next.count < rest.count
            && members.allSatisfy { rows[$0].name.utf8.dropFirst(depth + 1).starts(with: part) }
          guard isOnly, name.utf8.count < 200 else { break }
          name += "." + String(decoding: next, as: UTF8.self)
          depth += 1 + next.count
        }
        depth += 1
      }
      children.append(nodes.count)
      nodes.append(
        Node(
          name: name, rows: members, depth: depth, level: level, tensor: isTensor ? members[0] : nil,
          bytes: members.reduce(0) { $0 &+ rows[$1].byteCount }))
    }
    nodes[place].children = children
    return children.count
  }

  /// A node below the top, and what stands before its name.
  private struct Line {
    let node: Int
    let indent: String
  }

  /// The tree with a bar for the bytes of each node.
  func lines(on screen: Screen) -> some Sequence<StyledText> {
    var lines: [Line] = []
    add(0, "", to: &lines)
    let most = (nodes[0].children ?? []).map { nodes[$0].bytes }.reduce(0, &+)
    var table = TextTable(rightAligned: [false, false, true, false])
    table.add(lines) { line in
      let node = nodes[line.node]
      let form =
        node.tensor.map { "\(rows[$0].dtype) \(Readable.shape(rows[$0].shape))" }
        ?? Readable.count(node.rows.count, of: "tensor")
      let part = most > 0 ? Double(node.bytes) / Double(most) : 0
      return [
        StyledText(line.indent, .faint) + StyledText(node.name, node.tensor == nil ? .strong : .plain),
        StyledText(form, .faint), StyledText(Readable.bytes(node.bytes)),
        screen.columns.map { Bar.text(part, width: min(24, max(8, $0 / 6)), on: screen) } ?? "",
      ]
    }
    return table.lines(on: screen, dropping: [3, 1])
  }

  private func add(_ place: Int, _ indent: String, to lines: inout [Line]) {
    let children = nodes[place].children ?? []
    for child in children {
      let (branch, below) = place == 0 ? ("", "") : child == children.last ? ("└ ", "  ") : ("├ ", "│ ")
      lines.append(Line(node: child, indent: indent + branch))
      add(child, indent + below, to: &lines)
    }
  }
}
