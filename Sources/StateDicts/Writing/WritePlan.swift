#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What writing a state dict would do, known before a tensor is read: files with their sizes, and for each tensor where it
/// comes from and what is done with it.
public struct WritePlan: Sendable {
  /// A file that would be written.
  public struct File: Sendable, Encodable {
    /// The name in the output folder; empty if the output is this file.
    public let name: String
    /// The size.
    public let bytes: Int
  }

  /// A tensor that would be written.
  public struct Row: Sendable {
    /// The name.
    public let name: String
    /// The tensor, which is read, and computed, when its bytes are used.
    public let tensor: Tensor
    /// Where it comes from.
    public let origin: TensorOrigin
    /// The name under which the tensor is written if this one is an alias.
    public let alias: String?
    /// The file in the output folder; nil if the output is a single file.
    public let file: String?
  }

  /// The format.
  public let format: OutputFormat
  /// The files, in the order in which they are written.
  public let files: [File]
  /// The tensors, in the order of the state dict.
  public let tensors: [Row]
  /// What would be reported, but for what conversions lose, which is known when they are done.
  public let report: WriteReport
}

extension StateDict {
  /// Returns what `write` would do; nothing is read or written.
  ///
  /// - Parameters:
  ///   - url: The output.
  ///   - options: The options for `write`.
  /// - Throws: As `write`, but for errors of reading and of writing.
  public func plan(for url: URL, options: WriteOptions = .init()) throws -> WritePlan {
    try plan(for: FilePath(fileURL: url), options: options)
  }

  package func plan(for path: FilePath, options: WriteOptions) throws -> WritePlan {
    let format = try options.format ?? Self.format(nameOf: path, options)
    let plan = try OutputPlan(self, as: format, options)
    let written = Set(plan.report.written.map { ExactName($0) })
    let aliases = Dictionary(
      plan.report.aliases.map { (ExactName($0.name), $0.kept) }, uniquingKeysWith: { first, _ in first })
    var files: [ExactName: String] = [:]
    for file in plan.files where plan.isFolder { for row in file.rows { files[ExactName(row.name)] = file.name } }
    let rows = indices.compactMap { position -> WritePlan.Row? in
      let name = ExactName(names[position])
      let alias = aliases[name]
      guard alias != nil || written.contains(name) else { return nil }
      return WritePlan.Row(
        name: name.text, tensor: tensors[position], origin: origin(at: position), alias: alias,
        file: files[alias.map { ExactName($0) } ?? name])
    }
    return WritePlan(
      format: format, files: plan.files.map { WritePlan.File(name: $0.name, bytes: $0.byteCount) }, tensors: rows,
      report: plan.report)
  }
}

extension WritePlan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case format, bytes, files, tensors
    case leftOut = "left_out"
    case notKept = "not_kept"
  }

  /// Encodes the keys that docs/public-api.md lists.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(format, forKey: .format)
    try object.encode(report.byteCount, forKey: .bytes)
    try object.encode(files, forKey: .files)
    try object.encode(tensors, forKey: .tensors)
    try object.encode(report.leftOut, forKey: .leftOut)
    try object.encode(report.notKept, forKey: .notKept)
  }
}

extension WritePlan.Row: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, dtype, shape, bytes, file, from, changes
    case alias = "alias_of"
  }

  /// Encodes the keys that docs/public-api.md lists.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(name, forKey: .name)
    try object.encode(tensor.elementType, forKey: .dtype)
    try object.encode(tensor.shape, forKey: .shape)
    try object.encode(tensor.byteCount, forKey: .bytes)
    try object.encodeIfPresent(file, forKey: .file)
    try object.encodeIfPresent(alias, forKey: .alias)
    try object.encode(origin.names, forKey: .from)
    try object.encode(origin.changes.map(\.json), forKey: .changes)
  }
}
