#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Options for writing a state dict.
public struct WriteOptions: Sendable {
  /// Whether to overwrite an existing file.
  public var overwrites: Bool
  /// Whether to write tied tensors under each of their names instead of once.
  public var expandsTies: Bool
  /// Whether to leave out tensors that the format cannot hold; the report and the metadata list them.
  public var leavesOutUnsupported: Bool
  /// Additional metadata entries, written under `swt.` and their names.
  public var annotations: [JSONValue.Member]
  /// The limit for the total size of expanded views, beyond what is stored (4 GiB by default).
  ///
  /// Without it, a small file could fill the disk with copies.
  public var expandedByteCount = 4 << 30

  /// Creates options; by default nothing is overwritten or left out, and ties are written once.
  public init(
    overwrites: Bool = false, expandsTies: Bool = false, leavesOutUnsupported: Bool = false,
    annotations: [JSONValue.Member] = []
  ) {
    self.overwrites = overwrites
    self.expandsTies = expandsTies
    self.leavesOutUnsupported = leavesOutUnsupported
    self.annotations = annotations
  }
}

extension StateDict {
  /// Writes the tensors to a `.safetensors` or `.swt` file in bounded memory.
  ///
  /// Both extensions have the layout that docs/formats/swt.md specifies. The CRC-32 of every storage is checked, and
  /// the file appears when it is complete.
  ///
  /// - Returns: What was written and what was left out.
  /// - Throws: `outputExists`, `cannotCreate`, `unsupported` with tensors that the format cannot hold,
  ///   `checksumMismatch`.
  @discardableResult
  public func write(
    to url: URL, options: WriteOptions = .init(), progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }
  ) throws -> WriteReport {
    try write(to: FilePath(url), options: options, progress: progress)
  }

  /// Writes the tensors to the file at a path.
  ///
  /// - Returns: What was written and what was left out.
  /// - Throws: The errors of `write(to:)`.
  @discardableResult
  public func write(
    toPath path: String, options: WriteOptions = .init(),
    progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }
  ) throws -> WriteReport {
    try write(to: FilePath(path), options: options, progress: progress)
  }

  package func write(
    to path: FilePath, options: WriteOptions, progress: @escaping @Sendable (CopyProgress) -> Void
  ) throws -> WriteReport {
    var layout = try SafetensorsLayout(self, options)
    let file = try AtomicFile(path: path, overwrites: options.overwrites)
    let checksums = try TensorCopy(layout, to: file, progress: progress).run()
    layout.setChecksums(checksums)
    try unsafe layout.header.withUnsafeBytes { bytes in try unsafe file.write(bytes, at: 0) }
    try file.commit()
    return layout.report
  }
}
