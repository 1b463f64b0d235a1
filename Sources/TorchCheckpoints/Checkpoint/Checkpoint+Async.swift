public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Loads the state dict of a checkpoint from a task, which waits without blocking a thread.
///
///     let weights = try await loadStateDict(url: url) { print($0.completedByteCount) }
///
/// - Parameters:
///   - url: The URL of the file.
///   - key: The path of the state dict, as keys joined by dots (default: the only one).
///   - options: Options for opening the file.
///   - progress: Called as bytes are read into memory or unpacked, from any thread. A mapped file that is not
///     compressed is read later, when its tensors are used.
/// - Throws: `CancellationError` if the task is cancelled, and the errors of the synchronous `loadStateDict(url:)`.
public func loadStateDict(
  url: URL, key: String? = nil, options: CheckpointOptions = .init(),
  progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
) async throws -> StateDict {
  try await offCooperativePool(progress: progress) { try loadStateDict(url: url, key: key, options: options) }
}

extension Checkpoint {
  /// Opens a file from a task, which waits without blocking a thread.
  ///
  /// - Parameters:
  ///   - url: The URL of the file.
  ///   - options: Options for opening the file.
  ///   - progress: Called as bytes are read into memory or unpacked, from any thread. A mapped file that is not
  ///     compressed is read later, when its tensors are used.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of the synchronous `init(contentsOf:)`.
  public init(
    contentsOf url: URL, options: CheckpointOptions = .init(),
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws {
    self = try await offCooperativePool(progress: progress) { try Checkpoint(contentsOf: url, options: options) }
  }
}
