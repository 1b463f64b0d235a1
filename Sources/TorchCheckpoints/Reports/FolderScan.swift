public import StateDicts

/// A scan of all files below a folder.
///
///     let report = try Checkpoint.scan(folder: "models")
///     report.count(of: .dangerous), report.files
///
/// Files are sorted by path. Symbolic links are not followed, and pipes and devices are not opened.
public struct FolderScan: Sendable {
  /// The folder, as given by the caller.
  public let folder: String
  /// The scan of each file, sorted by path.
  public let files: [Scan]
  /// The number of symbolic links, pipes and devices that were skipped.
  public let passedOver: Int

  /// How deep folders may lie in folders.
  static let depthLimit = 64
  /// How many files there may be.
  static let fileLimit = 1_000_000

  /// Returns the number of files with an outcome.
  public func count(of outcome: Scan.Outcome) -> Int { files.count { $0.outcome == outcome } }

  package init(
    at path: FilePath, options: CheckpointOptions, each: (Scan) -> Void
  ) throws(CheckpointError) {
    folder = path.description
    var files: [Scan] = []
    var passedOver = 0
    // What comes next is last.
    var waiting = try Self.children(of: path, depth: 0)
    while let next = waiting.popLast() {
      switch next.path.kind {
      case .folder: waiting += try Self.children(of: next.path, depth: next.depth)
      case .file:
        guard files.count < Self.fileLimit else {
          throw CheckpointError(
            .limitExceeded, "The folder has more than \(Self.fileLimit) files.", file: path.description,
            remedy: "scan its subfolders one by one")
        }
        let scan = Scan(inFolder: next.path, options: options)
        files.append(scan)
        each(scan)
      default: passedOver += 1
      }
    }
    self.files = files
    self.passedOver = passedOver
  }

  /// What lies in a folder, the first last.
  private static func children(
    of path: FilePath, depth: Int
  ) throws(CheckpointError) -> [(path: FilePath, depth: Int)] {
    guard depth < depthLimit else {
      throw CheckpointError(
        .limitExceeded, "Folders are nested more than \(depthLimit) deep.", file: path.description,
        remedy: "scan this folder separately")
    }
    let folder = try CheckpointFolder(path: path)
    return folder.names.reversed().map { (folder.place($0), depth + 1) }
  }
}

extension Checkpoint {
  /// Scans all files below a folder.
  ///
  /// - Parameters:
  ///   - path: The path of the folder.
  ///   - options: Options for opening files.
  ///   - each: Called after each file with its scan.
  /// - Throws: `CheckpointError` if a folder cannot be read, or has too many files or levels.
  public static func scan(
    folder path: String, options: CheckpointOptions = .init(), each: (Scan) -> Void = { _ in }
  ) throws(CheckpointError) -> FolderScan {
    try FolderScan(at: FilePath(path), options: options, each: each)
  }
}

extension FolderScan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case folder, files, summary
  }

  /// Encodes the folder, its files, and the number of files with each outcome.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(folder, forKey: .folder)
    try container.encode(files, forKey: .files)
    var summary = ["files": files.count, "passedOver": passedOver]
    for outcome in Scan.Outcome.allCases { summary[outcome.rawValue] = count(of: outcome) }
    try container.encode(summary, forKey: .summary)
  }
}
