import Foundation
import Testing

@testable import StateDicts

@Suite("Work that a task waits for")
struct AsyncTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Tensors of several windows, in place and transposed.
  private func weights() throws -> StateDict {
    let numbers = storage(littleEndian((0..<1_500_000).map { Int32(truncatingIfNeeded: $0 &* 2_654_435) }))
    return try StateDict([
      ("whole", view(numbers, .int32, [1_500_000])),
      ("turned", view(numbers, .int32, [1000, 1500], strides: [1, 1000])),
    ])
  }

  @Test("an awaited write gives the same file, and its progress ends at the total")
  func write() async throws {
    let weights = try weights()
    let seen = Locked([ByteProgress]())
    let url = folder.url.appending(path: "m.swt")
    let report = try await weights.write(to: url) { progress in seen.withLock { $0.append(progress) } }
    #expect(report.written == weights.names)
    #expect(seen.withLock { $0.map(\.completedByteCount).max() } == 12_000_000)
    let read = try await StateDict(contentsOf: url)
    #expect(try read.fingerprint() == weights.fingerprint())
  }

  @Test("a write whose task is cancelled leaves nothing, as a file or as a folder of shards", arguments: [0, 1, 2])
  func cancelledWrite(_ kind: Int) async throws {
    let weights = try weights()
    let name = ["m.swt", "m.pth", "shards"][kind]
    var options = WriteOptions()
    options.maxShardByteCount = kind == 2 ? 7_000_000 : nil
    let (url, chosen) = (folder.url.appending(path: name), options)
    let error = await errorWhenCancelled { progress in
      try await weights.write(to: url, options: chosen, progress: progress)
    }
    #expect(error is CancellationError)
    #expect(try folder.names.isEmpty)
  }

  @Test("a task that is cancelled before it begins writes nothing; an existing file stays")
  func cancelledBefore() async throws {
    let weights = try weights()
    try folder.write([1, 2, 3], "m.swt")
    let url = folder.url.appending(path: "m.swt")
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      try await weights.write(to: url, options: WriteOptions(overwrites: true))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try folder.names == ["m.swt"] && folder.contents("m.swt") == [1, 2, 3])
  }

  @Test("reading into memory reports progress and stops when the task is cancelled")
  func cancelledRead() async throws {
    let url = folder.url.appending(path: "m.swt")
    try await weights().write(to: url)
    let error = await errorWhenCancelled { progress in
      _ = try await StateDict(contentsOf: url, mapped: false, progress: progress)
    }
    #expect(error is CancellationError)
    await #expect(throws: CheckpointError(.notFound, "")) {
      _ = try await StateDict(contentsOf: folder.url.appending(path: "absent.swt"))
    }
  }

  @Test("work on several threads stops on all of them")
  func threads() async throws {
    let isStopped = Locked(0)
    let error = await errorWhenCancelled { progress in
      try await offCooperativePool(progress: progress) {
        concurrentPerform(2) { _ in
          do {
            while true { try AwaitedWork.report(0, of: nil) }
          } catch { isStopped.withLock { $0 += 1 } }
        }
        try AwaitedWork.check()
      }
    }
    #expect(error is CancellationError && isStopped.withLock { $0 } == 2)
  }
}
