/// The results of `transform` for each item, in order, worked out by two threads that take the next items as they come.
///
/// Two: hashing and copying are bound by memory, and more threads would only take it from each other.
package func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: some RandomAccessCollection<Item> & Sendable, _ transform: @Sendable (Item) throws -> Result
) throws -> [Result] {
  try concurrentMap(items, taking: 0..<items.count, transform)
}

/// Returns the results of `transform` for each item, in order, beginning with the largest items: then neither thread is
/// left alone with one of them at the end.
package func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: some RandomAccessCollection<Item> & Sendable, largestFirst size: (Item) -> Int,
  _ transform: @Sendable (Item) throws -> Result
) throws -> [Result] {
  let sizes = items.map(size)
  let order = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
  return try concurrentMap(items, taking: order, transform)
}

/// - Parameter order: Each item's number, in the order in which they are taken.
private func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: some RandomAccessCollection<Item> & Sendable, taking order: some RandomAccessCollection<Int> & Sendable,
  _ transform: @Sendable (Item) throws -> Result
) throws -> [Result] {
  let results = Locked([Result?](repeating: nil, count: order.count))
  try concurrentForEach(order.count, threads: min(2, order.count)) { place, _ in
    let number = order[order.index(order.startIndex, offsetBy: place)]
    let result = try transform(items[items.index(items.startIndex, offsetBy: number)])
    results.withLock { $0[number] = result }
  }
  return results.withLock { $0.compactMap { $0 } }
}

/// Calls `body` with each number below `count`, on so many threads: each takes the next number, until one throws.
package func concurrentForEach(
  _ count: Int, threads: Int, _ body: @Sendable (_ number: Int, _ thread: Int) throws -> Void
) throws {
  let state = Locked((next: 0, failure: (any Error)?.none))
  concurrentPerform(threads) { thread in
    do {
      while let number = state.withLock({ state -> Int? in
        guard state.next < count, state.failure == nil else { return nil }
        defer { state.next += 1 }
        return state.next
      }) {
        try AwaitedWork.check()
        try body(number, thread)
      }
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
    }
  }
  if let failure = state.withLock({ $0.failure }) { throw failure }
}

/// The results of two pieces of work that are done at the same time, where there is a core for each.
package func concurrently<First: Sendable, Second: Sendable>(
  _ first: @Sendable () -> First, _ second: @Sendable () -> Second
) -> (First, Second) {
  let results = Locked((first: First?.none, second: Second?.none))
  concurrentPerform(2) { number in
    if number == 0 {
      let result = first()
      results.withLock { $0.first = result }
    } else {
      let result = second()
      results.withLock { $0.second = result }
    }
  }
  let done = results.withLock { $0 }
  return (done.first ?? first(), done.second ?? second())
}
