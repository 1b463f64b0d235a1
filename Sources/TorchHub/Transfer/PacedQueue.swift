#if canImport(FoundationNetworking)
  import Dispatch
  import Foundation

  /// The queue that a session calls its delegate on; one that makes the session wait while it is full.
  ///
  /// On Linux the session hands on each piece of a body as an operation, as fast as the network gives it, and never asks
  /// whether the last one is done with (swift-corelibs-foundation, NativeProtocol.swift): with a disk slower than the
  /// network the whole file would gather in memory. A session can only wait where it adds an operation, so this queue
  /// lets it in when there is a place. Apple's client paces itself.
  final class PacedQueue: OperationQueue, @unchecked Sendable {
    /// Pieces of up to 16 KiB (curl's buffer), so a mebibyte.
    private static let places = 64
    private let free = DispatchSemaphore(value: 0)

    override init() {
      super.init()
      // Counted up from 0: a semaphore that is freed with fewer places than it began with would end the process.
      for _ in 0..<Self.places { free.signal() }
    }

    override func addOperation(_ block: @escaping @Sendable () -> Void) {
      free.wait()
      super.addOperation { [free] in
        block()
        free.signal()
      }
    }
  }
#else
  import Foundation

  typealias PacedQueue = OperationQueue
#endif
