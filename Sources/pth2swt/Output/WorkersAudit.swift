import Digests
import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What several workers write beside their output once it is whole: the card of `--audit` and the map of `--inverse`.
///
/// Each worker hashes its own files and tensors, and a share of the inputs.
struct WorkersAudit: OutputCompanion {
  private let stateDict: StateDict
  private let sources: [FilePath]
  private let target: FilePath
  private let audit: FilePath?
  private let inverse: (path: FilePath, bytes: [UInt8])?
  private let overwrites: Bool
  /// The files of the inputs that are hashed.
  private let inputs: [FilePath]

  init(
    of stateDict: StateDict, from sources: [FilePath], to target: FilePath, audit: FilePath?,
    inverse: (path: FilePath, bytes: [UInt8])?, overwrites: Bool
  ) throws {
    self.stateDict = stateDict
    self.sources = sources
    self.target = target.withoutTrailingSlash
    self.audit = audit
    self.inverse = inverse
    self.overwrites = overwrites
    inputs = audit == nil ? [] : try sources.flatMap { try ConversionAudit.files(at: $0) }
  }

  private struct Note: Codable {
    let file: ConversionAudit.File
    let rows: [ConversionAudit.Row]
  }

  private static func json(_ value: some Encodable) throws -> JSONValue {
    try JSONValue(parsing: String(decoding: JSONEncoder().encode(value), as: UTF8.self))
  }

  private static func value<Value: Decodable>(_ note: JSONValue) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(note.text.utf8))
  }

  var itemByteCounts: [Int] { inputs.map(\.byteCount) }

  func note(onItem number: Int) throws -> JSONValue { try Self.json(ConversionAudit.file(at: inputs[number])) }

  func note(on name: String, at path: FilePath, tensors: [String], _ report: WriteReport) throws -> JSONValue {
    guard audit != nil else { return .null }
    return try Self.json(
      Note(
        file: ConversionAudit.file(at: path, as: target.appending(FilePath(name))),
        rows: ConversionAudit.rows(of: stateDict, names: tensors, report)))
  }

  var isWritten: Bool { (audit?.exists ?? true) && (inverse?.path.exists ?? true) }

  func write(
    items: [JSONValue], files: [JSONValue], index: (name: String, bytes: [UInt8])?, _ report: WriteReport
  ) throws {
    if let audit {
      let notes: [Note] = try files.map { try Self.value($0) }
      var outputs = notes.map(\.file)
      if let index {
        outputs.append(
          ConversionAudit.File(
            path: target.appending(FilePath(index.name)).description, bytes: index.bytes.count,
            sha256: try SHA256.hexDigest(of: Data(index.bytes))))
      }
      let card = ConversionAudit(
        of: stateDict, inputs: try items.map { try Self.value($0) }, outputs: outputs, rows: notes.flatMap(\.rows),
        report)
      try write(card.json, to: audit)
    }
    if let inverse { try write(inverse.bytes, to: inverse.path) }
  }

  /// Writes what belongs to an output of a single file.
  func write(_ report: WriteReport) throws {
    if let audit {
      try write(ConversionAudit(of: stateDict, from: sources, to: target, report).json, to: audit)
    }
    if let inverse { try write(inverse.bytes, to: inverse.path) }
  }

  /// Writes a small file; another worker may have written the same.
  private func write(_ bytes: [UInt8], to path: FilePath) throws(CheckpointError) {
    if path.exists, try path.contents() == bytes { return }
    do throws(CheckpointError) {
      let file = try AtomicFile(path: path, overwrites: overwrites)
      try file.write(bytes)
      try file.commit()
    } catch {
      guard path.exists, try path.contents() == bytes else { throw error }
    }
  }
}
