import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Checkpoints that a task waits for")
struct AsyncLoadingTests {
  private static let file = Repository.fixture("state_dicts/under_ema.pth")

  @Test("an awaited checkpoint is the same as one that is loaded at once")
  func loading() async throws {
    let weights = try await loadStateDict(url: Self.file)
    let expected = try Checkpoint(path: Self.file.path)
    #expect(try weights.fingerprint() == expected.stateDict().fingerprint())
    let checkpoint = try await Checkpoint(contentsOf: Self.file)
    #expect(checkpoint.tensors.map(\.name) == expected.tensors.map(\.name))
    #expect(try await checkpoint.verify().damaged.isEmpty)
    await #expect(throws: CheckpointError(.notFound, "")) {
      _ = try await loadStateDict(url: Self.file.appendingPathComponent("absent"))
    }
  }

  @Test("reading into memory, unpacking and verifying stop when the task is cancelled")
  func cancelled() async throws {
    let read = await errorWhenCancelled { progress in
      _ = try await loadStateDict(url: Self.file, options: .init(mapping: .copy), progress: progress)
    }
    #expect(read is CancellationError)
    let unpacked = await errorWhenCancelled { progress in
      _ = try await Checkpoint(contentsOf: Repository.fixture("packed/checkpoint.pth.gz"), progress: progress)
    }
    #expect(unpacked is CancellationError)
    let verified = await errorWhenCancelled { progress in
      _ = try await Checkpoint(contentsOf: Self.file).verify(progress: progress)
    }
    #expect(verified is CancellationError)
  }
}
