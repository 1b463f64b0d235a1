public import StateDicts

/// All files below a folder, each looked through as by `Scan`.
///
///     let report = try FolderScan(path: "models")
///     report.count(of: .dangerous), report.files
///
/// Files come in the order of their paths. Symbolic links are not followed, and pipes and devices not opened.
public struct FolderScan: Sendable {
  /// The folder, as it was named to us.
  public let folder: String
  /// One for each file, by path.
  public let files: [Scan]
  /// How many symbolic links, pipes and devices were passed over.
  public let passedOver: Int

  /// How deep folders may lie in folders.
  static let depthLimit = 64
  /// How many files there may be.
  static let fileLimit = 1_000_000

  /// How many files come to an outcome.
  public func count(of outcome: Scan.Outcome) -> Int { files.count { $0.outcome == outcome } }

  /// Looks through all files below a folder.
  ///
  /// - Parameters:
  ///   - path: The folder's path.
  ///   - options: How files are opened.
  ///   - progress: Called with each file's scan when it is done.
  /// - Throws: `CheckpointError` if a folder cannot be read, or holds more files or levels than the limits allow.
  public init(
    path: String, options: CheckpointOptions = .init(), progress: (Scan) -> Void = { _ in }
  ) throws(CheckpointError) {
    try self.init(at: FilePath(path), options: options, progress: progress)
  }

  package init(
    at path: FilePath, options: CheckpointOptions, progress: (Scan) -> Void
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
        progress(scan)
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

extension FolderScan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case folder, files, summary
  }

  /// The folder, its files, and how many come to each outcome.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(folder, forKey: .folder)
    try container.encode(files, forKey: .files)
    var summary = ["files": files.count, "passedOver": passedOver]
    for outcome in Scan.Outcome.allCases { summary[outcome.rawValue] = count(of: outcome) }
    try container.encode(summary, forKey: .summary)
  }
}
