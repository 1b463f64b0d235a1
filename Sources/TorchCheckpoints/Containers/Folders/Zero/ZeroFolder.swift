import StateDicts

/// A folder of DeepSpeed's ZeRO optimizer, stages 1 to 3, into the full fp32 weights that `zero_to_fp32.py` makes of it.
///
///     latest                                             "global_step3": the folder of the last save
///     global_step3/mp_rank_00_model_states.pt             names, shapes, buffers (stages 1 and 2)
///     global_step3/zero_pp_rank_0_mp_rank_00_model_states.pt            the same of one rank (stage 3)
///     global_step3/zero_pp_rank_0_mp_rank_00_optim_states.pt            one rank's part of the weights; also bf16_zero_pp_rank_…
///
/// Nothing is copied: a weight is a view of one rank's vector, or is assembled from those of several when it is read.
/// Source: `deepspeed/utils/zero_to_fp32.py`.
struct ZeroFolder {
  private static let weightsSuffix = "_optim_states.pt"
  private static let modelSuffix = "_model_states.pt"

  private let folder: CheckpointFolder
  private let options: CheckpointOptions
  private var files: [CheckpointContents] = []

  /// Whether a folder has files of ZeRO.
  static func isAt(_ folder: CheckpointFolder) -> Bool { folder.names.contains { $0.hasSuffix(weightsSuffix) } }

  /// The names of the files of ZeRO in a folder.
  static func files(in folder: CheckpointFolder) -> Set<String> {
    Set(folder.names.filter { $0.hasSuffix(weightsSuffix) || $0.hasSuffix(modelSuffix) })
  }

  /// The folder that `latest` names; nil if there is none.
  ///
  /// - Throws: `missingRecord` if the file names a folder that is not there.
  static func latest(in folder: CheckpointFolder, _ options: CheckpointOptions) throws(CheckpointError)
    -> CheckpointFolder?
  {
    // A folder may have this name too.
    guard folder.names.contains("latest"), !folder.isInArchive, let store = try? folder.store("latest", options),
      (1...4096).contains(store.count)
    else { return nil }
    let tag = store.text(0..<store.count).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard let name = try? folder.inside(tag), !name.contains("/") else { return nil }
    guard let tagged = folder.subfolder(name) else {
      throw CheckpointError(
        .missingRecord, "The file latest names the folder \(tag), which is missing.", file: folder.path,
        remedy: "copy it, or give the path of another save's folder")
    }
    return isAt(tagged) ? tagged : nil
  }

  static func open(
    _ folder: CheckpointFolder, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    var reading = ZeroFolder(folder: folder, options: options)
    return try reading.read()
  }

  private init(folder: CheckpointFolder, options: CheckpointOptions) {
    self.folder = folder
    self.options = options
  }

  private mutating func read() throws(CheckpointError) -> CheckpointContents {
    let models = try open(Self.modelSuffix) { values throws(CheckpointError) in try ZeroModelState(values) }
    let ranks = try open(Self.weightsSuffix) { values throws(CheckpointError) in try ZeroRank(values) }
    guard let model = models.first, let first = ranks.first else {
      throw CheckpointError(
        .missingRecord, "The folder has no file …\(Self.modelSuffix) with the names and shapes of the weights.",
        file: folder.path, remedy: "copy it from the machine of rank 0")
    }
    guard ranks.count == first.partitionCount else {
      throw CheckpointError(
        .missingRecord,
        "The weights are in \(first.partitionCount) parts, but there are \(ranks.count) files …\(Self.weightsSuffix): "
          + Shards.list(names(Self.weightsSuffix)) + ".",
        file: folder.path,
        remedy:
          "copy the files of all ranks; ranks of tensor or pipeline parallelism are not joined, as in zero_to_fp32")
    }
    var weights = ZeroWeights()
    do throws(CheckpointError) {
      for (name, tensor) in model.buffers {
        try weights.set(name, tensor.elementType.isFloatingPoint ? tensor.converted(to: .float32) : tensor)
      }
      try weights.addFrozen(first.stage == 3 ? models : [model], model.frozenShapes)
      if first.stage == 3 {
        try weights.addPartitioned(ranks.map(\.groups), model.shapes.flatMap { $0 })
      } else {
        try weights.addFlat(ranks.map(\.groups), model.shapes)
      }
      for pair in model.shared { if let tensor = weights[pair.of] { weights.set(pair.name, tensor) } }
    } catch {
      throw error.located(file: folder.path)
    }
    return try contents(weights.tensors, model, first)
  }

  private func contents(
    _ tensors: [NamedTensor], _ model: ZeroModelState, _ rank: ZeroRank
  ) throws(CheckpointError) -> CheckpointContents {
    var contents = try CheckpointContents(
      .zero, file: folder.path, store: files[0].store, byteCount: files.reduce(0) { $0 + $1.byteCount },
      tensors: tensors, leftOut: leftOut(beside: tensors, model))
    contents.marks = ["zero_stage": .integer(rank.stage), "ranks": .integer(rank.partitionCount)]
    contents.marks["ds_version"] = model.version.map(JSONValue.string)
    contents.globals = files.flatMap(\.globals)
    contents.notes = files.flatMap(\.notes)
    return contents
  }

  /// What else the files hold, by file and path.
  private func leftOut(beside tensors: [NamedTensor], _ model: ZeroModelState) -> [LeftOut] {
    let names = Set(tensors.map { ExactName($0.name) })
    let buffers = Set(model.buffers.map { ExactName($0.name) })
    var rows: [LeftOut] = []
    for file in files {
      let name = file.file.split(separator: "/").last ?? ""
      for item in file.tensors where !ZeroRank.isWeight(item.name) && !item.name.hasPrefix("frozen_param_fragments.") {
        let own = ExactName(item.name.hasPrefix("module.") ? String(item.name.dropFirst(7)) : "")
        guard !buffers.contains(own) else { continue }
        let reason =
          names.contains(own) ? "the copy used in training; the fp32 weight is converted" : "not a weight of the model"
        rows.append(LeftOut("\(name)/\(item.name)", reason: reason))
      }
      rows += file.leftOut.map { LeftOut("\(name)/\($0.name)", reason: $0.reason) }
    }
    return rows
  }

  // MARK: - Files

  /// The names with an ending, in the order of their ranks.
  private func names(_ suffix: String) -> [String] {
    folder.names.filter { $0.hasSuffix(suffix) }.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
  }

  private mutating func open<State>(
    _ suffix: String, _ read: (TorchValues) throws(CheckpointError) -> State
  ) throws(CheckpointError) -> [State] {
    var states: [State] = []
    for name in names(suffix) {
      let path = folder.file(name)
      let contents = try FileReader.read(folder.store(name, options), file: path, options)
      files.append(contents)
      guard case .pickled(let values) = contents.values else {
        throw CheckpointError(.unsupported, "The file is not a state of DeepSpeed.", file: path)
      }
      do throws(CheckpointError) {
        try states.append(read(values))
      } catch {
        throw error.located(file: path)
      }
    }
    return states
  }

  /// The parts of a name by which people sort: digits as numbers.
  private static func order(_ name: String) -> [Part] {
    var parts: [Part] = []
    var rest = name.utf8[...]
    while let first = rest.first {
      let isNumber = (0x30...0x39).contains(first)
      let part = rest.prefix { (0x30...0x39).contains($0) == isNumber }
      rest = rest[part.endIndex...]
      let text = String(decoding: part, as: UTF8.self)
      parts.append(Part(number: isNumber ? Int(digits: part) ?? Int.max : nil, text: text))
    }
    return parts
  }

  private struct Part: Comparable {
    let number: Int?
    let text: String

    static func < (left: Part, right: Part) -> Bool {
      if let a = left.number, let b = right.number, a != b { return a < b }
      return left.text < right.text
    }
  }
}
