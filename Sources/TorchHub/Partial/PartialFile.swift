import Digests
import Foundation
import StateDicts

/// The received part of a file: `NAME.part`, next to the final file, or with another ending.
///
/// Whoever holds the lock on it is the one that downloads. The record beside it is written before the first byte, so a
/// part without a fitting record is never gone on with.
final class PartialFile: Sendable {
  private struct State {
    let file: OpenFile
    var size: Int64
    /// The hash of those bytes; nil until it is wanted.
    var hash: SHA256?
    var record: PartialRecord?
    /// How many of the bytes came before the connection that brings the rest.
    var resumedBytes: Int64 = 0
  }

  /// Where to go on.
  struct ResumePoint: Sendable {
    let byteCount: Int64
    let record: PartialRecord
  }

  let target: URL
  private let partURL: URL
  private let recordURL: URL
  private let isShared: Bool
  private let state: Locked<State>

  private init(_ file: OpenFile, target: URL, isShared: Bool) throws {
    self.target = target
    self.isShared = isShared
    partURL = URL(fileURLWithPath: file.path)
    recordURL = URL(fileURLWithPath: file.path + ".json")
    let size = try file.size()
    let record = isShared && size > 0 ? PartialRecord(at: recordURL) : nil
    state = Locked(State(file: file, size: size, record: record))
  }

  /// Waits until nobody else downloads the file.
  ///
  /// - Parameter ending: What the part's name has after that of the file.
  /// - Returns: Nil if the file is there by then.
  /// - Throws: `cannotCreate`, `inputOutput`; `CancellationError`.
  static func claim(for target: URL, ending: String = ".part") async throws -> PartialFile? {
    var pause = Duration.milliseconds(20)
    while true {
      let file = try OpenFile(writing: target.path + ending)
      switch file.claim() {
      case .held:
        guard file.isStillThere() else { continue }
        let part = try PartialFile(file, target: target, isShared: true)
        if try target.holdsFile() {
          part.discard()
          return nil
        }
        return part
      case .busy:
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(500))
      case .unsupported:
        // Without locks every download has a part of its own, which nobody else goes on with.
        if try file.size() == 0 { try? FileManager.default.removeItem(atPath: file.path) }
        let own = try OpenFile(writing: "\(target.path).\(UUID().uuidString)\(ending)")
        return try PartialFile(own, target: target, isShared: false)
      }
    }
  }

  /// How far the file has come.
  var progress: ByteProgress {
    state.withLock { state in
      ByteProgress(
        completedByteCount: Int(state.size), totalByteCount: state.record?.totalBytes.map { Int($0) },
        name: target.lastPathComponent, resumedByteCount: Int(state.resumedBytes))
    }
  }

  /// The position to resume a download from; nil, with an empty part, if it must start again.
  ///
  /// Bytes from two connections are joined only if the server can say that they are of one version, or if the file's
  /// hash will tell.
  func resumePoint(source: URL, hashed: Bool) throws -> ResumePoint? {
    try state.withLock { state in
      if state.size > 0, let record = state.record, hashed || record.validator != nil,
        try record == PartialRecord(source: source, validator: record.validator, totalBytes: record.totalBytes),
        state.size <= record.totalBytes ?? .max
      {
        if hashed, state.hash == nil { state.hash = try state.file.hash(byteCount: state.size) }
        return ResumePoint(byteCount: state.size, record: record)
      }
      try Self.empty(&state)
      return nil
    }
  }

  private static func empty(_ state: inout State) throws {
    try state.file.truncate()
    state.size = 0
    state.hash = try SHA256()
    state.resumedBytes = 0
  }

  /// Begins with the file's first byte.
  ///
  /// - Throws: `cannotCreate`, also if the file system has too little room for the whole.
  func begin(_ record: PartialRecord) throws {
    try state.withLock { state in
      try Self.empty(&state)
      if let total = record.totalBytes, let free = state.file.freeBytes(), total > free {
        throw CheckpointError(
          .cannotCreate, "Not enough disk space: the file has \(total) bytes, but only \(free) are free.",
          file: target.path,
          remedy: "free some space, or set TORCH_HOME (for hf:// addresses HF_HOME) to a folder on another disk")
      }
      if isShared { try record.write(to: recordURL) }
      state.record = record
    }
  }

  /// Starts over after bytes that did not fit together.
  func reset() throws {
    try state.withLock { try Self.empty(&$0) }
  }

  /// Goes on with the bytes that are there.
  func resume() {
    state.withLock { $0.resumedBytes = $0.size }
  }

  /// Adds bytes at the end.
  func append(_ data: Data) throws {
    try state.withLock { state in
      try state.file.write(data, at: state.size)
      try state.hash?.update(data)
      state.size += Int64(data.count)
    }
  }

  /// Gives the whole file its name, if its hash is right.
  ///
  /// - Throws: `hashMismatch`, `cannotCreate`, `inputOutput`.
  func finish(hash prefix: HashPrefix?) throws {
    try state.withLock { state in
      if let prefix {
        let hash = try state.hash ?? state.file.hash(byteCount: state.size)
        try prefix.check(hash.hexDigest(), of: target.lastPathComponent)
      }
      try state.file.flush()
      try state.file.rename(to: target.path)
    }
    try? FileManager.default.removeItem(at: recordURL)
  }

  /// Leaves what has arrived for a later call, if one could go on with it.
  func leave(hashed: Bool) {
    let isUseful = state.withLock { state in
      state.size > 0 && state.record.map { hashed || $0.validator != nil } ?? false
    }
    if !isUseful || !isShared { discard() }
  }

  /// Removes what has arrived.
  func discard() {
    try? FileManager.default.removeItem(at: recordURL)
    try? FileManager.default.removeItem(at: partURL)
  }
}
