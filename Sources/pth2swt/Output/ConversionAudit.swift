import Digests
import StateDicts
import Subcommands
import TorchCheckpoints

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a conversion made of what: hashes of the inputs and the output, and one row for each tensor.
///
/// `convert --audit` writes it when the output has been compared with its sources, and `verify --audit` repeats it.
struct ConversionAudit: Codable {
  /// A file with its hash.
  struct File: Codable, Equatable {
    /// The path as given, with the path of the file in it if that is a folder.
    let path: String
    let bytes: Int
    let sha256: String
  }

  /// A tensor of the output.
  struct Row: Codable, Equatable {
    let name: String
    /// The names of the tensors of the inputs that it was made of.
    let from: [String]
    let dtype: String
    let shape: [Int]
    /// Of the contiguous little-endian bytes in C order; nil for a tensor without elements of its own.
    let sha256: String?
    /// `equal`, or what a conversion to another dtype lost.
    fileprivate(set) var result: String

    /// The row of a tensor that was converted.
    fileprivate func converted(_ cast: WriteReport.Cast) -> Row {
      var row = self
      row.result = "cast, \(cast.rounded) of \(cast.elements) rounded"
      if cast.overflowed > 0 { row.result += ", \(cast.overflowed) overflowed" }
      return row
    }
  }

  struct Counts: Codable, Equatable {
    let equal: Int
    let cast: Int
    let leftOut: Int

    enum CodingKeys: String, CodingKey {
      case equal, cast
      case leftOut = "left_out"
    }
  }

  /// The version of this format.
  var audit = 1
  /// The program and its version.
  var tool = "pth2swt \(Subcommands.version)"
  let inputs: [File]
  let outputs: [File]
  /// The steps of the map; nil if there is none.
  let map: String?
  let tensors: [Row]
  let counts: Counts

  /// - Parameters:
  ///   - stateDict: What was written.
  ///   - inputs: The paths as given.
  init(
    of stateDict: StateDict, from inputs: [FilePath], to output: FilePath, _ report: WriteReport
  ) throws {
    let outputs =
      report.files.isEmpty
      ? try Self.files(at: output).map { try Self.file(at: $0) }
      : try report.files.map { try Self.file(at: output.withoutTrailingSlash.appending(FilePath($0))) }
    self.init(
      of: stateDict, inputs: try inputs.flatMap { try Self.files(at: $0) }.map { try Self.file(at: $0) },
      outputs: outputs, rows: try Self.rows(of: stateDict, names: report.written + report.aliases.map(\.name), report),
      report)
  }

  /// - Parameter rows: The rows of all tensors that were written, in any order.
  init(of stateDict: StateDict, inputs: [File], outputs: [File], rows: [Row], _ report: WriteReport) {
    self.inputs = inputs
    self.outputs = outputs
    map = stateDict.metadata.annotations.first { $0.name == "map" }?.value.text
    let byName = Dictionary(rows.map { (ExactName($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    tensors = stateDict.names.compactMap { byName[ExactName($0)] }
    let equal = tensors.count { $0.result == "equal" }
    counts = Counts(equal: equal, cast: tensors.count - equal, leftOut: report.leftOut.count)
  }

  /// The rows of tensors that were written.
  static func rows(of stateDict: StateDict, names: [String], _ report: WriteReport) throws -> [Row] {
    let names = Set(names.map { ExactName($0) })
    let casts = Dictionary(report.casts.map { (ExactName($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    return try rows(of: stateDict.filter { names.contains(ExactName($0.name)) }).map { row in
      casts[ExactName(row.name)].map { row.converted($0) } ?? row
    }
  }

  private static func rows(of stateDict: StateDict) throws -> [Row] {
    try concurrentMap(Array(stateDict.indices), largestFirst: { stateDict[$0].tensor.byteCount }) { position in
      let (name, tensor) = stateDict[position]
      let hasElements = tensor.composition?.hasElements ?? true
      return Row(
        name: name, from: stateDict.origin(at: position).names, dtype: tensor.elementType.rawValue, shape: tensor.shape,
        sha256: hasElements ? try SHA256Text.of(tensor) : nil, result: "equal")
    }
  }

  /// The file at a path, or those in a folder; none for standard input and URLs.
  static func files(at path: FilePath, depth: Int = 0) throws(CheckpointError) -> [FilePath] {
    guard path.exists else { return [] }
    guard path.isFolder else { return [path] }
    guard depth < 3 else { return [] }
    var found: [FilePath] = []
    for name in try path.names().sorted(by: { $0.description < $1.description }) {
      found += try files(at: path.withoutTrailingSlash.appending(name), depth: depth + 1)
    }
    return found
  }

  /// A file with its hash.
  ///
  /// - Parameter recorded: The path that it will have.
  static func file(at path: FilePath, as recorded: FilePath? = nil) throws -> File {
    let store = try ByteStore(path: path, .automatic)
    let hash = try SHA256()
    try unsafe store.forEachWindow(of: 0..<store.count) { window in try unsafe hash.update(window) }
    return File(path: (recorded ?? path).description, bytes: store.count, sha256: try hash.hexDigest())
  }

  /// The card as a file has it.
  var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + Array("\n".utf8)
    }
  }

  // MARK: - Repeating it

  /// What has changed since, as sentences; empty if the output is what the card says.
  ///
  /// Inputs that are not there any more are passed over.
  func changes(in checkpoint: Checkpoint, at path: FilePath) throws -> [String] {
    var changes: [String] = []
    for recorded in outputs {
      let name = FilePath(recorded.path).name
      let place = path.isFolder ? path.withoutTrailingSlash.appending(name) : path
      changes += try Self.change(of: recorded, at: place)
    }
    for recorded in inputs where FilePath(recorded.path).exists {
      changes += try Self.change(of: recorded, at: FilePath(recorded.path))
    }
    let found = try stateDict(of: checkpoint)
    let rows = Dictionary(
      try Self.rows(of: found).map { (ExactName($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    for row in tensors {
      guard let now = rows[ExactName(row.name)] else {
        changes.append("\(row.name) is missing")
        continue
      }
      if now.dtype != row.dtype || now.shape != row.shape {
        changes.append("\(row.name) is \(now.dtype) \(now.shape) instead of \(row.dtype) \(row.shape)")
      } else if now.sha256 != row.sha256 {
        changes.append("\(row.name) has other values")
      }
    }
    let known = Set(tensors.map { ExactName($0.name) })
    changes += found.names.filter { !known.contains(ExactName($0)) }.map { "\($0) is new" }
    return changes
  }

  private static func change(of recorded: File, at path: FilePath) throws -> [String] {
    guard path.exists, !path.isFolder else { return ["\(path) is missing"] }
    return try file(at: path).sha256 == recorded.sha256 ? [] : ["\(path) has another SHA-256"]
  }

  /// The tensors by the names that the card has: of the state dict, or of the whole file after --everything.
  private func stateDict(of checkpoint: Checkpoint) throws -> StateDict {
    let known = Set(tensors.map { ExactName($0.name) })
    func fits(_ stateDict: StateDict) -> Bool { stateDict.names.allSatisfy { known.contains(ExactName($0)) } }
    let chosen = try? checkpoint.stateDict()
    if let chosen, fits(chosen) { return chosen }
    if let only = chosen, only.count == 1, let name = tensors.first?.name, tensors.count == 1 {
      // A .npy file has no names.
      return try only.mapNames { _ in name }
    }
    return try checkpoint.everything()
  }
}
