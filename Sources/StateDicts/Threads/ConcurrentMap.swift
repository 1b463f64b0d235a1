/// The results of `transform` for each item, in order, worked out by two threads that take the next item as they come.
///
/// Two: hashing and copying are bound by memory, and more threads would only take it from each other.
package func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: some RandomAccessCollection<Item> & Sendable, _ transform: @Sendable (Item) throws -> Result
) throws -> [Result] {
  let items = Array(items)
  let next = Locked(0)
  let done = Locked((results: [(Int, Result)](), failure: (any Error)?.none))
  concurrentPerform(min(2, items.count)) { _ in
    var results: [(Int, Result)] = []
    do {
      while let index = next.withLock({ index -> Int? in
        guard index < items.count else { return nil }
        defer { index += 1 }
        return index
      }) {
        try AwaitedWork.check()
        results.append((index, try transform(items[index])))
      }
    } catch {
      next.withLock { $0 = items.count }
      done.withLock { $0.failure = $0.failure ?? error }
    }
    done.withLock { $0.results += results }
  }
  let (results, failure) = done.withLock { $0 }
  if let failure { throw failure }
  return results.sorted { $0.0 < $1.0 }.map(\.1)
}

/// Returns the results of `transform` for each item, in order, beginning with the largest items: then neither thread is
/// left alone with one of them at the end.
package func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: some RandomAccessCollection<Item> & Sendable, largestFirst size: (Item) -> Int,
  _ transform: @Sendable (Item) throws -> Result
) throws -> [Result] {
  let sorted = items.enumerated().map { (place: $0, item: $1, size: size($1)) }
    .sorted { ($1.size, $0.place) < ($0.size, $1.place) }
  let results = try concurrentMap(sorted) { try transform($0.item) }
  return zip(sorted, results).sorted { $0.0.place < $1.0.place }.map(\.1)
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
