/// The refusals that several readers share, so that a code has one meaning and a remedy is written once.
extension CheckpointError {
  /// What to do about a file that did not arrive as it was sent.
  package static let downloadAgain = "download or copy the file again"
  /// What to do about a file that ends too early.
  package static let cutShort = "the file may be truncated: download or copy it again"
  /// What to do about a file that is something else than expected.
  package static let checkSource = "check the source of the file, and that the download is complete"

  /// Returns the error for a file that ends before its contents do.
  package static func truncated(
    _ message: String, file: String? = nil, entry: String? = nil, offset: Int? = nil
  ) -> CheckpointError {
    CheckpointError(.truncated, message, file: file, entry: entry, offset: offset, remedy: cutShort)
  }

  /// Returns the error for bytes that do not have the CRC-32 or the length that their file gives.
  package static func damaged(
    _ message: String, file: String? = nil, entry: String? = nil, offset: Int? = nil
  ) -> CheckpointError {
    CheckpointError(.checksumMismatch, message, file: file, entry: entry, offset: offset, remedy: downloadAgain)
  }

  /// Returns the error for an archive whose structure contradicts itself.
  package static func malformedArchive(
    _ message: String, file: String? = nil, entry: String? = nil, offset: Int? = nil
  ) -> CheckpointError {
    CheckpointError(
      .malformedArchive, message, file: file, entry: entry, offset: offset,
      remedy: "the file may be damaged: download or copy it again")
  }

  /// Returns the error for a tensor that cannot be: its geometry, its parts, or the call that makes it.
  package static func malformedTensor(_ message: String) -> CheckpointError {
    CheckpointError(.malformedTensor, message)
  }

  /// Returns the error for a tensor or storage of more bytes than an `Int` counts.
  package static func impossibleSize(_ what: String) -> CheckpointError {
    malformedTensor("\(what) exceeds 2^63 bytes.")
  }

  /// Returns the error for a header or table that is not as its format has it.
  package static func malformedHeader(_ message: String, offset: Int? = nil) -> CheckpointError {
    CheckpointError(.malformedHeader, message, offset: offset)
  }

  /// Returns the error for a file that is not there.
  package static func noSuchFile(_ file: String) -> CheckpointError {
    CheckpointError(.notFound, "No such file.", file: file)
  }

  /// Returns the error for a folder where a file is needed.
  package static func isFolder(_ file: String) -> CheckpointError {
    CheckpointError(
      .isDirectory, "The path is a folder, not a file.", file: file, remedy: "give the path of a file in it")
  }

  /// Returns the error for memory that the system does not give.
  package static func outOfMemory(_ byteCount: Int) -> CheckpointError {
    CheckpointError(
      .outOfMemory, "Out of memory: \(byteCount) bytes cannot be allocated.",
      remedy: "raise the memory limit (ulimit -v), or close other programs")
  }

  /// Returns the error itself if it is one of reading, else one that says what it says.
  package static func reading(_ error: any Error) -> CheckpointError {
    error as? CheckpointError ?? CheckpointError(.inputOutput, "\(error)")
  }
}
