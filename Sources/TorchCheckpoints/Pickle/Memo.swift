/// Nodes by the numbers that the pickle gave them: dense for what picklers write, and in pages for what a hostile file may ask.
///
///     dense  0 1 2 3 …               each number one more than the last
///     pages  9: 2304 … 2559          numbers with gaps; those far from each other soon take more than a pickle may
struct Memo {
  private static let pageCount = 256
  private var dense: [Pickle.ID] = []
  private var pages: [Int: [Pickle.ID?]] = [:]
  private(set) var count = 0
  /// About what it takes.
  var byteCount: Int { dense.count * 4 + pages.count * (Self.pageCount * MemoryLayout<Pickle.ID?>.stride + 64) }

  subscript(index: Int) -> Pickle.ID? {
    if index < dense.count { return dense[index] }
    return pages[index / Self.pageCount]?[index % Self.pageCount]
  }

  mutating func put(_ id: Pickle.ID, at index: Int) {
    if self[index] == nil { count += 1 }
    if index < dense.count {
      dense[index] = id
    } else if index == dense.count {
      dense.append(id)
    } else {
      pages[index / Self.pageCount, default: Self.emptyPage][index % Self.pageCount] = id
    }
  }

  private static let emptyPage = [Pickle.ID?](repeating: nil, count: pageCount)
}
