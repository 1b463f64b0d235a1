import StateDicts

/// The files of all ranks of a training job, each of which saved its parts of the same DTensors or ShardedTensors.
///
///     model.rank0.pt, model.rank1.pt                                           or any name with a rank in it
///     model_world_size_2_rank_0.pt, model_world_size_2_rank_1.pt               verl, beside optim_world_size_2_rank_0.pt
///
/// The first rank's file is the checkpoint; whole tensors take the places of its parts.
struct RankFiles {
  /// Files whose names differ in the rank only.
  private struct Family {
    /// The name with the rank replaced by a star.
    let name: String
    var files: [(rank: Int, name: String)]
  }

  /// Nil if the folder has no such files.
  ///
  /// - Throws: `isDirectory` if there are several families of files; what `gather` throws.
  static func open(
    _ folder: CheckpointFolder, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents? {
    let all = families(among: folder.names)
    let models = all.filter { !isTrainingState($0.name) }
    guard let family = models.first else { return nil }
    if models.count > 1 {
      throw CheckpointError(
        .isDirectory, "The folder has rank files of several kinds: \(Shards.list(models.map(\.name))).",
        file: folder.path, remedy: "give the files of one kind with --merge, or move the others to another folder")
    }
    var files: [CheckpointContents] = []
    for file in family.files {
      try files.append(FileReader.read(folder.store(file.name, options), file: folder.file(file.name), options))
    }
    var contents: CheckpointContents
    do throws(CheckpointError) {
      contents = try gather(files, as: folder.path, options)
    } catch var error {
      let missing = Set(0...(family.files.last?.rank ?? 0)).subtracting(family.files.map(\.rank)).sorted()
      if error.code == .missingRecord, !missing.isEmpty {
        error.message += " Missing from \(family.name): \(Shards.list(missing.map(String.init)))."
      }
      throw error
    }
    let others = all.filter { isTrainingState($0.name) }.map(\.name)
    if !others.isEmpty { contents.notes.append("Files that were not read: \(Shards.list(others)).") }
    return contents
  }

  /// Whether a file has parts of tensors that other ranks have the rest of.
  static func isPart(_ contents: CheckpointContents) -> Bool {
    contents.tensors.contains { $0.tensor.composition?.part != nil }
  }

  /// Puts the files of several ranks together.
  ///
  /// A tensor whose parts make no whole (Partial) stays a part, which is refused when it is written.
  ///
  /// - Throws: `unsupported` if nothing in them says how; `missingRecord` if a part is missing; `malformedTensor` if
  ///   parts overlap or contradict each other.
  static func gather(
    _ files: [CheckpointContents], as path: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    guard let first = files.first, case .pickled(let values) = first.values, files.contains(where: isPart) else {
      throw CheckpointError(
        .unsupported,
        "The files are of \(files.count) ranks, but have no DTensors or ShardedTensors, which would say how they fit together.",
        file: path, remedy: "convert them one by one, or join them with the program that wrote them")
    }
    var others: [(file: String, tensors: [ExactName: Tensor])] = []
    for file in files.dropFirst() {
      others.append(
        (
          file.file,
          Dictionary(file.tensors.map { (ExactName($0.key), $0.tensor) }, uniquingKeysWith: { first, _ in first })
        ))
    }
    try requireSameNames(first, others)
    var gathered: [Pickle.ID: Tensor] = [:]
    for item in first.tensors {
      try requireSameShape(item, others)
      guard let part = item.tensor.composition?.part else { continue }
      let parts = [part] + others.compactMap { $0.tensors[ExactName(item.key)]?.composition?.part }
      guard let node = item.node, parts.allSatisfy({ $0.obstacle == nil }) else { continue }
      gathered[node] = try whole(item, parts.flatMap(\.chunks), count: files.count)
    }
    var contents = try CheckpointContents(
      .ranks, file: path, store: first.store, byteCount: files.reduce(0) { $0 + $1.byteCount },
      pickled: TorchValues(values, gathered: gathered), limits: options.limits)
    contents.marks = ["ranks": .integer(files.count)]
    contents.globals = files.flatMap(\.globals)
    contents.notes = files.flatMap(\.notes)
    contents.notes.append("Tensors that are in every file, and other values, are those of \(first.file).")
    return contents
  }

  private static func whole(
    _ item: NamedTensor, _ chunks: [TensorChunk], count: Int
  ) throws(CheckpointError) -> Tensor {
    // Replicas have the same place.
    var seen = Set<[Int]>()
    let chunks = chunks.filter { $0.tensor.elementCount > 0 && seen.insert($0.offsets).inserted }
    do throws(CheckpointError) {
      return try Tensor.assembled(
        shape: item.tensor.shape, elementType: item.tensor.elementType, chunks: chunks,
        requiresGrad: item.tensor.requiresGrad, name: item.name)
    } catch var error {
      if error.code == .missingRecord {
        error.message += " There are files of \(count) ranks."
        error.remedy = "give the files of all ranks"
      }
      throw error
    }
  }

  private typealias Others = [(file: String, tensors: [ExactName: Tensor])]

  private static func requireSameNames(_ first: CheckpointContents, _ others: Others) throws(CheckpointError) {
    let names = Set(first.tensors.map { ExactName($0.key) })
    for other in others {
      let extra = other.tensors.keys.filter { !names.contains($0) }.map(\.text).sorted()
      guard extra.isEmpty else {
        throw CheckpointError(
          .unsupported,
          "\(other.file) has \(extra.count) tensors that \(first.file) does not have: \(Shards.list(extra)).",
          file: first.file, remedy: "give only the ranks that have the same tensors")
      }
    }
  }

  /// Requires that a tensor, whole or in parts, is of one dtype and shape in all files.
  private static func requireSameShape(_ item: NamedTensor, _ others: Others) throws(CheckpointError) {
    for other in others {
      guard let tensor = other.tensors[ExactName(item.key)] else { continue }
      guard tensor.shape == item.tensor.shape, tensor.elementType == item.tensor.elementType else {
        throw CheckpointError(
          .unsupported,
          "\(item.name) is \(item.tensor) in the first file and \(tensor) in \(other.file), and nothing says how they fit together.",
          file: other.file)
      }
    }
  }

  // MARK: - Names

  private static func families(among names: [String]) -> [Family] {
    var families: [String: Family] = [:]
    for name in names {
      guard let (star, rank) = rank(in: name) else { continue }
      families[star, default: Family(name: star, files: [])].files.append((rank, name))
    }
    return families.values.filter { $0.files.count > 1 }.map { family in
      Family(name: family.name, files: family.files.sorted { $0.rank < $1.rank })
    }.sorted { $0.name < $1.name }
  }

  /// The rank in a file's name: the digits behind the last `rank`, `rank_`, `rank-` or `rank.`.
  private static func rank(in name: String) -> (star: String, rank: Int)? {
    guard ["pt", "pth", "bin", "ckpt"].contains(name.split(separator: ".").last.map { $0.lowercased() }) else {
      return nil
    }
    let units = Array(name.utf8)
    let word = Array("rank".utf8)
    for start in units.indices.reversed() where units[start...].prefix(4).map({ $0 | 0x20 }) == word {
      var from = start + 4
      if from < units.count, [0x2D, 0x2E, 0x5F].contains(units[from]) { from += 1 }
      let digits = units[from...].prefix { (0x30...0x39).contains($0) }
      guard !digits.isEmpty, digits.count <= 6, let rank = Int(digits: digits, radix: 10) else { continue }
      return (
        String(decoding: units[..<from], as: UTF8.self) + "*"
          + String(decoding: units[(from + digits.count)...], as: UTF8.self), rank
      )
    }
    return nil
  }

  /// Whether files of a name hold what only training needs.
  private static func isTrainingState(_ name: String) -> Bool {
    let words = TorchValues.words(of: name)
    return words.contains(where: TorchValues.trainingWords.contains) || words.starts(with: ["extra", "state"])
  }
}
