import Foundation
import StateDicts
import TorchCheckpoints

/// Does with an input what the command can do with a file, and reports what contradicts itself.
///
/// Limits are those of production, but views are expanded and files unpacked to 16 MiB at most, so that a run takes
/// milliseconds.
final class Harness {
  let folder: ScratchFolder
  var options: CheckpointOptions
  /// Called with a description of results that differ where they must not.
  let contradiction: (String) -> Void
  static let byteCount = 16 << 20

  init(contradiction: @escaping (String) -> Void) throws {
    self.contradiction = contradiction
    folder = try ScratchFolder()
    options = CheckpointOptions(allowsDangerousGlobals: true)
    options.limits.expandedByteCount = Self.byteCount
    options.limits.unpackedByteCount = Self.byteCount
    options.limits.inflatedPickleByteCount = Self.byteCount
  }

  func run(_ target: Target, _ bytes: [UInt8]) {
    switch target {
    case .json: checkJSON(bytes)
    case .registry: checkRegistry(bytes)
    case .map: checkMap(bytes)
    case .jpeg, .png: decode(bytes)
    case .differential: compare(bytes)
    case .distributed, .shards, .ranks: read(folder: bytes)
    case .pickle:
      read(bytes)
      read(StoredZip.torch(pickle: bytes).file)
    case .zip, .torchscript, .legacy, .tar, .safetensors, .npy, .npz, .wrapped: read(bytes)
    }
  }

  private func read(_ bytes: [UInt8]) {
    if let checkpoint = try? Checkpoint(bytes, options: options) { use(checkpoint, bytes) }
    _ = Checkpoint.scan(bytes, options: options)
  }

  /// Reads the files of an archive as those of a folder.
  private func read(folder bytes: [UInt8]) {
    guard let archive = StoredZip(bytes) else { return }
    let path = folder.unpack(archive)
    if let checkpoint = try? Checkpoint(path: path, options: options) { use(checkpoint, bytes) }
    // The files are scanned one by one, as those of other targets, which takes longer than all the rest.
    if bytes.count % 8 == 0 { _ = try? Checkpoint.scan(folder: path, options: options) }
  }

  private func use(_ checkpoint: Checkpoint, _ bytes: [UInt8]) {
    _ = checkpoint.value?.json(budget: 10_000)
    _ = checkpoint.otherValues
    guard isSmall(checkpoint.tensors.map(\.tensor)) else { return }
    _ = try? checkpoint.inspect(statistics: true)
    _ = try? checkpoint.verify(values: Set(ValueFinding.Check.allCases))
    for item in checkpoint.tensors { _ = try? [Double](item.tensor) }
    let number = bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
    guard let stateDict = try? number % 4 == 0 ? checkpoint.everything() : checkpoint.stateDict(),
      isSmall(stateDict.tensors)
    else { return }
    _ = try? stateDict.fingerprint()
    write(stateDict, number / 4)
  }

  /// Writes a state dict in the format that the number chooses; what was written must be read.
  private func write(_ stateDict: StateDict, _ number: Int) {
    let format = OutputFormat.allCases[number % OutputFormat.allCases.count]
    var options = WriteOptions(overwrites: true, expandsTies: number % 3 == 0, leavesOutUnsupported: true)
    options.format = format
    options.expandedByteCount = Self.byteCount
    let path = folder.path("out.\(format.rawValue)")
    guard let report = try? stateDict.write(toPath: path, options: options) else { return }
    // An archive without arrays is no checkpoint.
    if format == .npz, report.leftOut.count >= stateDict.count { return }
    do {
      let written = try Checkpoint(path: path, options: self.options)
      guard format == .swt, report.leftOut.isEmpty, let again = try? written.stateDict() else { return }
      let difference = try stateDict.difference(from: again)
      if !difference.values.isEmpty || !difference.forms.isEmpty { contradiction("\(difference)") }
    } catch {
      contradiction("What was written as \(format) cannot be read: \(error)")
    }
  }

  private func isSmall(_ tensors: [Tensor]) -> Bool {
    var sum = 0
    for tensor in tensors {
      guard tensor.byteCount <= Self.byteCount, tensor.elementCount <= Self.byteCount else { return false }
      sum += tensor.byteCount
      if sum > Self.byteCount { return false }
    }
    return true
  }
}
