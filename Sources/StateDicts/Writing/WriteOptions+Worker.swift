extension WriteOptions {
  /// One of several processes that write an output together, without contact to each other.
  ///
  ///     options.worker = WriteOptions.Worker(number: 0, count: 4)
  ///
  /// Each writes its share of the files, which depends on the headers of the input and the options only, and takes up those that
  /// are there. Whoever finds all files whole writes the index. The output has the bytes that a single process writes.
  public struct Worker: Sendable, Hashable {
    /// The number of this process, from 0.
    public let number: Int
    /// The number of processes.
    public let count: Int

    /// Creates a worker; nil unless its number is less than the count and not negative.
    public init?(number: Int, count: Int) {
      guard number >= 0, number < count else { return nil }
      self.number = number
      self.count = count
    }

    /// The only worker.
    static let single = Worker(count: 1)

    private init(count: Int) {
      number = 0
      self.count = count
    }

    /// What a file costs beside its bytes: it is opened, planned and named.
    private static let fileByteCount = 65536.0

    /// The places of this worker's items, in order: the largest goes first, each to the worker that has least so far.
    package func share(of sizes: [Int]) -> [Int] {
      let order = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
      var loads = Loads(count: min(count, sizes.count))
      var own: [Int] = []
      for place in order {
        let receiver = loads.add(Double(sizes[place]) + Self.fileByteCount)
        if receiver == number { own.append(place) }
      }
      return own.sorted()
    }

    /// How much each worker has: a heap, whose first has least.
    private struct Loads {
      private var heap: [(load: Double, worker: Int)]

      init(count: Int) {
        heap = (0..<count).map { (0, $0) }
      }

      /// Gives a load to the worker that has least.
      mutating func add(_ load: Double) -> Int {
        let receiver = heap[0].worker
        heap[0].load += load
        var place = 0
        while true {
          var least = place
          for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] {
            least = child
          }
          if least == place { return receiver }
          heap.swapAt(place, least)
          place = least
        }
      }
    }
  }
}
