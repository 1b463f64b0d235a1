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

  /// Returns the number of files with an outcome.
  public func count(of outcome: Scan.Outcome) -> Int { files.count { $0.outcome == outcome } }

  package init(
    at path: FilePath, options: CheckpointOptions, each: (Scan) -> Void
  ) throws(CheckpointError) {
    folder = path.description
    var files: [Scan] = []
    // Each file, since one that an index does not list may be the dangerous one.
    var walk = try FolderWalk(path, joinsFiles: false)
    while let place = try walk.next() {
      let scan = Scan(inFolder: place.path, options: options)
      files.append(scan)
      each(scan)
    }
    self.files = files
    passedOver = walk.passedOver
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
