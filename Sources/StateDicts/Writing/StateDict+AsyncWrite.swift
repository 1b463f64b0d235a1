#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension StateDict {
  /// Writes the tensors to a file from a task, which waits without blocking a thread.
  ///
  ///     try await weights.write(to: url) { print($0.fraction ?? 0) }
  ///
  /// If the task is cancelled, nothing is left of the output, except for finished shards if the options resume them.
  ///
  /// - Parameters:
  ///   - url: The file; a folder if the options ask for shards.
  ///   - options: The format, and what to overwrite, expand or leave out.
  ///   - progress: Called as bytes are written, from any thread.
  /// - Returns: What was written and what was left out.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of the synchronous `write(to:)`.
  @discardableResult
  public func write(
    to url: URL, options: WriteOptions = .init(), progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws -> WriteReport {
    let path = FilePath(url)
    return try await offCooperativePool { try write(to: path, options: options, progress: progress) }
  }

  /// Opens a `.swt` or safetensors file from a task, which waits without blocking a thread.
  ///
  /// - Parameters:
  ///   - url: The URL of the file.
  ///   - mapped: Whether to map the file (the default; one on a network file system is read in blocks as they are needed), or
  ///     read it into memory at once.
  ///   - checksCRC: Whether to check the CRC-32 that `.swt` files have when a tensor is first read.
  ///   - progress: Called as bytes are read into memory, from any thread.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of the synchronous `init(contentsOf:)`.
  public init(
    contentsOf url: URL, mapped: Bool = true, checksCRC: Bool = true,
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws {
    self = try await offCooperativePool(progress: progress) {
      try StateDict(contentsOf: url, mapped: mapped, checksCRC: checksCRC)
    }
  }
}
