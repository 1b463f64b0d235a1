#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// How a state dict is written.
public struct WriteOptions: Sendable {
  /// Whether a file of that name is overwritten.
  public var overwrites: Bool
  /// Whether tied tensors are written out under each of their names, rather than once.
  public var expandsTies: Bool
  /// Whether tensors that the format cannot express are left out; the report and the file's metadata name them.
  public var leavesOutUnsupported: Bool
  /// What else is to be kept in the metadata, under `swt.` and the name.
  public var annotations: [JSONValue.Member]
  /// What all views that repeat their storage's bytes may take together, beyond what is stored: 4 GiB.
  ///
  /// A small file could otherwise ask for a disk full of copies.
  public var expandedByteCount = 4 << 30

  /// Creates options: nothing overwritten, ties kept once, everything or nothing.
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
  /// Writes the tensors to a `.safetensors` or `.swt` file (one layout, specified in docs/formats/swt.md), in bounded
  /// memory.
  ///
  /// The CRC-32 of every storage is checked on the way; the file appears under its name when it is whole.
  ///
  /// - Returns: What was written and what was left out.
  /// - Throws: `outputExists`, `cannotCreate`, `unsupported` with what the format cannot say, `checksumMismatch`.
  @discardableResult
  public func write(
    to url: URL, options: WriteOptions = .init(), progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }
  ) throws -> WriteReport {
    try write(to: FilePath(url), options: options, progress: progress)
  }

  /// Writes the tensors to the file at a path.
  ///
  /// - Returns: What was written and what was left out.
  /// - Throws: As `write(to:)`.
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
