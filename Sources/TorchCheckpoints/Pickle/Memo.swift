/// Nodes by the numbers that the pickle gave them: dense for what picklers write, sparse for what a hostile file may
/// ask.
struct Memo {
  private var dense: [Pickle.ID] = []
  private var sparse: [Int: Pickle.ID] = [:]
  private(set) var count = 0
  /// About what it takes.
  var byteCount: Int { dense.count * 4 + sparse.count * 48 }

  subscript(index: Int) -> Pickle.ID? { index < dense.count ? dense[index] : sparse[index] }

  mutating func put(_ id: Pickle.ID, at index: Int) {
    if self[index] == nil { count += 1 }
    if index < dense.count {
      dense[index] = id
    } else if index == dense.count {
      dense.append(id)
    } else {
      sparse[index] = id
    }
  }
}
