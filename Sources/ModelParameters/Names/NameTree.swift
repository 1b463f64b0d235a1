import StateDicts

/// Names as a tree of their components, which finds a name, or the part of it that is known, in one pass over the name.
///
/// Names come from files, and one name can be 200 kB of dots. So nothing here looks at each head or each tail of a name
/// as a string of its own: that would take the square of the name's length.
struct NameTree {
  private struct Edge: Hashable {
    let node: Int
    let component: ExactName
  }

  /// The node that every path begins at.
  static let root = 0

  private var edges: [Edge: Int] = [:]

  /// How many nodes there are; they are numbered in the order in which they are inserted.
  var nodeCount: Int { edges.count + 1 }

  /// The node below another one; nil if there is none for the component.
  func child(of node: Int, _ component: ExactName) -> Int? { edges[Edge(node: node, component: component)] }

  /// The node below another one, which is inserted if there is none.
  mutating func insert(_ component: ExactName, below node: Int) -> Int {
    let next = nodeCount
    return { (place: inout Int?) in
      if let place { return place }
      place = next
      return next
    }(&edges[Edge(node: node, component: component)])
  }

  /// The nodes of a path, the root first and the whole path last, each inserted if it is not there.
  @discardableResult
  mutating func insert(_ path: some Sequence<ExactName>) -> [Int] {
    var nodes = [Self.root]
    for component in path { nodes.append(insert(component, below: nodes[nodes.count - 1])) }
    return nodes
  }

  /// The nodes of a path as far as it is known, the root first.
  ///
  /// - Parameter work: Grows by the bytes that were looked at.
  func nodes(along path: some Sequence<ExactName>, work: inout Int) -> [Int] {
    var nodes = [Self.root]
    for component in path {
      work += component.text.utf8.count + 1
      guard let next = child(of: nodes[nodes.count - 1], component) else { break }
      nodes.append(next)
    }
    return nodes
  }
}

extension String {
  /// What stands between the dots of a name; dots are found byte by byte, whatever accent follows them.
  var nameComponents: [ExactName] { Array(NameComponents(rest: utf8[...])) }

  /// The components of the modules that a name lies in: all but its last, one by one.
  var moduleComponents: NameComponents {
    NameComponents(rest: utf8.lastIndex(of: UInt8(ascii: ".")).map { utf8[..<$0] })
  }

  /// The components from the last to the first, one by one: most often only the last few are looked at.
  var reversedNameComponents: ReversedNameComponents { ReversedNameComponents(rest: utf8[...]) }
}

/// Components of a name, the first one first.
struct NameComponents: Sequence, IteratorProtocol {
  fileprivate var rest: Substring.UTF8View?

  mutating func next() -> ExactName? {
    guard let path = rest else { return nil }
    let end = path.firstIndex(of: UInt8(ascii: "."))
    rest = end.map { path[path.index(after: $0)...] }
    return ExactName(String(Substring(path[..<(end ?? path.endIndex)])))
  }
}

/// Components of a name, the last one first.
struct ReversedNameComponents: Sequence, IteratorProtocol {
  fileprivate var rest: Substring.UTF8View?

  mutating func next() -> ExactName? {
    guard let path = rest else { return nil }
    let dot = path.lastIndex(of: UInt8(ascii: "."))
    rest = dot.map { path[..<$0] }
    return ExactName(String(Substring(path[(dot.map(path.index(after:)) ?? path.startIndex)...])))
  }
}

extension [ExactName] {
  /// The length in bytes of the first components of a name, each with its dot.
  func byteCount(ofFirst count: Int) -> Int { prefix(count).reduce(0) { $0 + $1.text.utf8.count + 1 } }
}
