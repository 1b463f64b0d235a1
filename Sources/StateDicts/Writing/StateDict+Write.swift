#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Options for writing a state dict.
public struct WriteOptions: Sendable {
  /// The format; nil for the format of the output's extension.
  public var format: OutputFormat?
  /// The largest total size of the tensors in one file; nil for a single file.
  ///
  /// With a limit the output is a folder of safetensors files and an index, as Hugging Face's libraries write it. A larger
  /// tensor gets a file of its own.
  public var maxShardByteCount: Int?
  /// Whether to overwrite an existing file or folder of shards.
  public var overwrites: Bool
  /// Whether to write tied tensors under each of their names instead of once.
  public var expandsTies: Bool
  /// Whether to leave out tensors that the format cannot hold; the report and the metadata list them.
  public var leavesOutUnsupported: Bool
  /// Additional metadata entries, written under `swt.` and their names.
  public var annotations: JSONObject
  /// The limit for the total size of expanded views, beyond what is stored (2 GiB by default).
  ///
  /// Without it, a small file could fill the disk with copies.
  public var expandedByteCount = 2 << 30

  /// Whether files that are whole stay if the conversion is interrupted, and those of an earlier one are taken up after they
  /// were compared with the source.
  public var resumes = false
  /// Which of several processes this is, if they write the output together; nil if it is the only one.
  ///
  /// Files that are there are taken up as with `resumes`.
  public var worker: Worker?
  /// Whether to read the output back and to compare every byte with the source, before it has its name.
  public var verifies = false

  /// Creates options; by default nothing is overwritten or left out, and ties are written once.
  public init(
    overwrites: Bool = false, expandsTies: Bool = false, leavesOutUnsupported: Bool = false,
    annotations: JSONObject = [:]
  ) {
    self.overwrites = overwrites
    self.expandsTies = expandsTies
    self.leavesOutUnsupported = leavesOutUnsupported
    self.annotations = annotations
  }
}

extension StateDict {
  /// Writes the tensors to a file in bounded memory: `.swt`, `.safetensors`, `.pth`, `.npz` or `.npy`, by its extension
  /// unless the options specify the format.
  ///
  ///     try weights.write(to: URL(fileURLWithPath: "model.pth"))
  ///
  /// docs/formats describes what each format keeps. The CRC-32 of every storage is checked, and the file appears when it
  /// is complete.
  ///
  /// - Parameters:
  ///   - url: The file; a folder if the options ask for shards.
  ///   - options: The format, and what to overwrite, expand or leave out.
  ///   - progress: Called as bytes are written, from any thread.
  /// - Returns: What was written and what was left out.
  /// - Throws: `outputExists`, `cannotCreate`, `unsupported` with tensors that the format cannot hold or for an
  ///   extension without a format, `checksumMismatch`.
  @discardableResult
  public func write(
    to url: URL, options: WriteOptions = .init(), progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
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
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws -> WriteReport {
    try write(to: FilePath(path), options: options, progress: progress)
  }

  /// - Parameter companion: What is written beside a folder that a later run or several workers may complete.
  package func write(
    to path: FilePath, options: WriteOptions, companion: (any OutputCompanion)? = nil,
    progress: @escaping @Sendable (ByteProgress) -> Void
  ) throws -> WriteReport {
    let format = try options.format ?? Self.format(nameOf: path, options)
    let plan = try OutputPlan(self, as: format, options)
    return try plan.write(to: path, options, companion, progress: progress)
  }

  /// - Throws: `unsupported`.
  static func format(
    nameOf path: FilePath, _ options: WriteOptions
  ) throws(CheckpointError) -> OutputFormat {
    if options.maxShardByteCount != nil { return .safetensors }
    if let format = OutputFormat(nameOf: path) { return format }
    throw CheckpointError(
      .unsupported, "No format that can be written has the extension of \(path.name).", file: path.description,
      remedy: "use an extension of \(OutputFormat.extensions.map { "." + $0 }.joined(separator: " ")), "
        + "or name the format (--format, WriteOptions.format)")
  }
}
