import StateDicts

/// Paths to the values of a pickle, which share their parents: a path becomes text only where it names a tensor or is
/// shown.
///
///     key "layers" ── index 0 ── key "weight"        layers.0.weight
///               └──── index 1 ── key "weight"        layers.1.weight
///
/// A file of 100 kB can hold one long key over a hundred thousand lists. As text, each of their paths would repeat the key.
struct PathTree {
  /// What leads from a value to one inside it.
  enum Step {
    /// Nothing: the inner value is listed under the path of the outer one.
    case none
    case key(Pickle.ID)
    case index(Int)

    var isNone: Bool { if case .none = self { true } else { false } }
  }

  /// A path in the tree.
  struct Path: Hashable {
    fileprivate let number: Int32
    /// The path to the top of the file, which has no text.
    static let top = Path(number: -1)
  }

  private struct Node {
    let parent: Path
    let step: Step
    /// The length of the text, as far as it is known before it is made.
    let byteCount: Int
  }

  private let pickle: Pickle
  private var nodes: [Node] = []
  /// The last text that was made: most often the next one is wanted for a sibling.
  private var last: (path: Path, text: String)?
  /// How many bytes of text were made.
  private(set) var joinedByteCount = 0

  init(_ pickle: Pickle) { self.pickle = pickle }

  /// Returns the path of a step from another one.
  mutating func path(_ step: Step, below parent: Path) -> Path {
    if case .none = step { return parent }
    nodes.append(Node(parent: parent, step: step, byteCount: byteCount(of: step, below: parent)))
    return Path(number: Int32(truncatingIfNeeded: nodes.count - 1))
  }

  /// The length of a string in bytes, or an estimate of it for a key of another type.
  func byteCount(of step: Step, below parent: Path) -> Int {
    let outer = parent == .top ? 0 : nodes[Int(parent.number)].byteCount
    switch step {
    case .none: return outer
    case .index: return outer + 2
    case .key(let id):
      switch pickle[id] {
      case .text(let slice), .byteText(let slice): return outer + Int(slice.count) + 1
      default: return outer + 2
      }
    }
  }

  /// The text of a step from a path: keys and indices joined by dots; nil at the top.
  mutating func text(of step: Step, below parent: Path) -> String? {
    let outer = text(of: parent)
    let inner: String
    switch step {
    case .none: return outer
    case .index(let index): inner = String(index)
    case .key(let id): inner = pickle.keyText(id)
    }
    joinedByteCount += inner.utf8.count
    guard let outer else { return inner }
    joinedByteCount += outer.utf8.count
    return "\(outer).\(inner)"
  }

  /// The text of a path; nil at the top.
  mutating func text(of path: Path) -> String? {
    if path == .top { return nil }
    if let last, last.path == path { return last.text }
    var steps: [Step] = []
    var next = path
    while next != .top {
      steps.append(nodes[Int(next.number)].step)
      next = nodes[Int(next.number)].parent
    }
    var text = ""
    for (place, step) in steps.reversed().enumerated() {
      if place > 0 { text += "." }
      switch step {
      case .none: break
      case .index(let index): text += String(index)
      case .key(let id): text += pickle.keyText(id)
      }
    }
    last = (path, text)
    joinedByteCount += text.utf8.count
    return text
  }
}
