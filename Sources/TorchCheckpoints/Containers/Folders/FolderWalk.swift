package import StateDicts

/// A walk through a folder and those below it, sorted by path.
///
///     runs/1/model.pth                           a file
///     runs/2                                     one checkpoint: an index with its shards
///     runs/2/training_args.bin                   a file beside it
///
/// Symbolic links are not followed, and pipes and devices are not opened.
package struct FolderWalk {
  /// What a walk comes by.
  package struct Place: Sendable {
    package let path: FilePath
    /// Whether it is a folder that is one checkpoint in several files.
    package let isCheckpoint: Bool
  }

  /// How deep folders may lie in folders.
  package static let depthLimit = 64
  /// How many files there may be.
  static let fileLimit = 1_000_000

  /// The number of symbolic links, pipes and devices that were skipped.
  package private(set) var passedOver = 0
  private let root: FilePath
  private let joinsFiles: Bool
  private let leftOut: FilePath?
  private var count = 0
  /// What comes next is last.
  private var waiting: [(path: FilePath, depth: Int)] = []
  private var found: Place?

  /// Begins a walk.
  ///
  /// - Parameters:
  ///   - root: The folder.
  ///   - joinsFiles: Whether the files of one checkpoint are one place. If not, each file is a place.
  ///   - leftOut: A folder that is not entered, such as the output.
  /// - Throws: `notReadable` if the folder cannot be read.
  package init(_ root: FilePath, joinsFiles: Bool, leavingOut leftOut: FilePath? = nil) throws(CheckpointError) {
    self.root = root
    self.joinsFiles = joinsFiles
    self.leftOut = leftOut
    try enter(root, depth: 0)
  }

  /// The next place; nil at the end.
  ///
  /// - Throws: `notReadable` for a folder that cannot be read, `limitExceeded` for one that lies too deep: the walk can go on with
  ///   what is outside of it. `limitExceeded` at the end of the walk for too many files.
  package mutating func next() throws(CheckpointError) -> Place? {
    while true {
      if let place = found.take() { return try counted(place) }
      guard let next = waiting.popLast() else { return nil }
      switch next.path.kind {
      case .folder:
        if let leftOut, next.path.isSameFile(as: leftOut) { continue }
        try enter(next.path, depth: next.depth)
      case .file: return try counted(Place(path: next.path, isCheckpoint: false))
      default: passedOver += 1
      }
    }
  }

  private mutating func counted(_ place: Place) throws(CheckpointError) -> Place {
    guard count < Self.fileLimit else {
      waiting = []
      throw CheckpointError(
        .limitExceeded, "The folder has more than \(Self.fileLimit) files.", file: root.description,
        remedy: "give its subfolders one by one")
    }
    count += 1
    return place
  }

  private mutating func enter(_ path: FilePath, depth: Int) throws(CheckpointError) {
    guard depth < Self.depthLimit else {
      throw CheckpointError(
        .limitExceeded, "Folders are nested more than \(Self.depthLimit) deep.", file: path.description,
        remedy: "give this folder separately")
    }
    let folder = try CheckpointFolder(path: path)
    let joined = joinsFiles ? folder.joinedFiles() : nil
    if joined?.isCheckpoint == true { found = Place(path: path, isCheckpoint: true) }
    for name in folder.names.reversed() where joined?.names.contains(name) != true {
      waiting.append((folder.place(name), depth + 1))
    }
  }
}

extension CheckpointFolder {
  /// The files of one checkpoint in several files, known by their names and the index.
  ///
  /// - Returns: The names, and whether opening the folder opens that checkpoint (rather than a single file under the usual name);
  ///   nil if there is none.
  func joinedFiles() -> (names: Set<String>, isCheckpoint: Bool)? {
    func all(_ suffixes: String...) -> Set<String> {
      Set(names.filter { name in suffixes.contains { name.hasSuffix($0) } })
    }
    if names.contains(where: { $0 == ".metadata" || $0.hasPrefix("__") && $0.hasSuffix(".metadata") }) {
      return (all(".metadata", ".distcp"), true)
    }
    if UnpackedZip.isAt(self) { return (Set(names), true) }
    if ZeroFolder.isAt(self) { return (ZeroFolder.files(in: self), true) }
    let usual = names.compactMap(UsualName.init).sorted()
    guard let first = usual.first else {
      return DistributedSafetensors.isAt(self) ? (all(".safetensors"), true) : nil
    }
    let indexes = usual.filter(\.isIndex)
    guard !indexes.isEmpty else { return nil }
    var parts = Set(indexes.flatMap { Shards.files(listedBy: $0.name, in: self) })
    // Any other index is a checkpoint of its own.
    if first.isIndex { parts.insert(first.name) }
    return (parts, first.isIndex)
  }
}
