import StateDicts

/// The refusals that readers of checkpoints share.
extension CheckpointError {
  /// Returns the error for a file that asks for more than `CheckpointLimits` allow.
  static func overLimit(
    _ message: String, file: String? = nil, entry: String? = nil, offset: Int? = nil
  ) -> CheckpointError {
    CheckpointError(
      .limitExceeded, message, file: file, entry: entry, offset: offset,
      remedy: "raise the limits if you trust the file (limits:, --limit-factor 10)")
  }

  /// Returns the error for a file with more tensors than `CheckpointLimits` allow.
  static func tooManyTensors(_ limits: CheckpointLimits) -> CheckpointError {
    overLimit("The file has more than \(limits.tensorCount) tensors.")
  }

  /// Returns the error for names that are longer together than `CheckpointLimits` allow.
  static func namesTooLong(_ limits: CheckpointLimits) -> CheckpointError {
    overLimit("The names and sizes of the tensors have more than \(limits.nameByteCount) bytes in total.")
  }

  /// Returns the error for files in files in files, more than `embeddingDepth` deep.
  static func nestedTooDeep(_ what: String = "Files") -> CheckpointError {
    CheckpointError(
      .limitExceeded, "\(what) are nested more than \(CheckpointLimits.embeddingDepth) deep.",
      remedy: "unpack the file first")
  }

  /// Returns the error for a storage without its record, or with one that is too short.
  static func incomplete(_ message: String, file: String? = nil, entry: String? = nil) -> CheckpointError {
    CheckpointError(
      .missingRecord, message, file: file, entry: entry,
      remedy: "the archive is incomplete: copy it again")
  }

  /// Returns the error for an archive with several checkpoints, of which `member` is one.
  static func ambiguous(_ message: String, member: String, file: String? = nil) -> CheckpointError {
    CheckpointError(
      .ambiguousStateDict, message, file: file,
      remedy: "select one with --member \(member) (member: \"\(member)\")")
  }

  /// Returns the error of a file within another: named by the outer file, with the member before the entry.
  func inside(_ member: String, of file: String) -> CheckpointError {
    var error = self
    error.file = file
    error.entry = entry.map { "\(member): \($0)" } ?? member
    return error
  }
}
