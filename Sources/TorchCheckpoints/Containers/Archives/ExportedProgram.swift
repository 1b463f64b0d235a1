import StateDicts

/// What `torch.export.save` writes: an archive of a program with its weights.
///
/// The program is not read.
///
///     net/archive_format                            70 74 32                "pt2", torch 2.8 and later
///     net/data/weights/model_weights_config.json    {"config": {"fc.weight": {"path_name": "weight_0", …}}}
///     net/data/weights/weight_0                     00 00 80 3f …           the bytes of a storage, or a file of torch.save
///     net/data/constants/model_constants_config.json, tensor_0              the same for constants
///     net/data/weights/model.pt, data/constants/model.pt                    of torch 2.8's first versions
///     net/models/model.json                                                 the program
///
///     serialized_state_dict.pt                      50 4b 03 04 …           before 2.8: files of torch.save
///     serialized_constants.pt, serialized_example_inputs.pt
///     serialized_exported_program.json, version
///
/// Source: `torch/export/pt2_archive/_package.py`, `torch/_export/serde/schema.py`; torch 2.7's
/// `torch/export/__init__.py`.
struct ExportedProgram {
  private static let weightsFolder = "data/weights/"
  private static let weightsConfiguration = "_weights_config.json"

  /// One program of a package, with the entries that hold its tensors.
  private struct Program {
    let name: String
    let weights: ZipArchive.Entry
    let constants: ZipArchive.Entry?
    /// Values that go with it and are no weights, such as inputs that it was made with.
    let inputs: ZipArchive.Entry?
  }

  /// The checkpoint of an archive; nil if the archive is none of these.
  static func open(
    _ archive: ZipArchive, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents? {
    let programs = programs(archive)
    guard let first = programs.first else {
      let compiled = archive.entries.first { $0.name.contains("data/aotinductor/") }
      guard let compiled else { return nil }
      throw CheckpointError(
        .notACheckpoint, "The package is compiled by AOTInductor and has no exported program.",
        entry: compiled.name, remedy: "export the model with torch.export.save")
    }
    guard programs.count > 1 else { return try open(first, archive, file: file, options) }
    guard let name = options.member else {
      let names = programs.map(\.name)
      throw CheckpointError.ambiguous(
        "The package has \(names.count) programs: \(names.prefix(20).joined(separator: ", ")).", member: names[0])
    }
    guard let program = programs.first(where: { $0.name == name }) else {
      throw CheckpointError(
        .noStateDict, "The package has no program \(name).",
        remedy: "use one of these: \(programs.prefix(20).map(\.name).joined(separator: ", "))")
    }
    var contents = try open(program, archive, file: file, options)
    contents.name(name)
    return contents
  }

  private static func programs(_ archive: ZipArchive) -> [Program] {
    if let weights = record("serialized_state_dict", of: archive) {
      return [
        Program(
          name: "model", weights: weights, constants: record("serialized_constants", of: archive),
          inputs: record("serialized_example_inputs", of: archive))
      ]
    }
    return archive.entries.compactMap { entry in
      guard let folder = entry.name.range(of: weightsFolder) else { return nil }
      let root = String(entry.name[..<folder.lowerBound])
      let file = entry.name[folder.upperBound...]
      let isCurrent = file.hasSuffix(weightsConfiguration)
      guard isCurrent || file.hasSuffix(".pt"), archive[root + "archive_format"] != nil else { return nil }
      let name = String(file.dropLast(isCurrent ? weightsConfiguration.count : 3))
      return Program(
        name: name, weights: entry,
        constants: archive["\(root)data/constants/\(name)\(isCurrent ? "_constants_config.json" : ".pt")"],
        inputs: archive["\(root)data/sample_inputs/\(name).pt"])
    }
  }

  /// A record at the top; torch 2.1 called its files of torch.save `.json`.
  private static func record(_ name: String, of archive: ZipArchive) -> ZipArchive.Entry? {
    archive[name + ".pt"] ?? archive[name + ".json"]
  }

  private static func open(
    _ program: Program, _ archive: ZipArchive, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    var (inner, unpacking) = try options.inside(archive.store)
    inner.member = nil
    var reading = ExportedTensors(archive, file: file, options: inner, unpacking: unpacking)
    let weights = try reading.tensors(of: program.weights)
    let constants = try program.constants.map { entry throws(CheckpointError) in try reading.tensors(of: entry) } ?? []
    if let inputs = program.inputs { try reading.listGlobals(of: inputs) }
    let named = constants.map { NamedTensor(name: "constants.\($0.name)", tensor: $0.tensor) }
    var contents = try CheckpointContents(.exported, file: file, store: archive.store, tensors: weights + named)
    contents.marks = marks(archive)
    contents.notes = reading.notes
    contents.globals = reading.globals
    contents.archive = archive
    // Of a program without weights, the constants are what there is.
    if !weights.isEmpty, !constants.isEmpty { contents.leaveOut(named) }
    return contents
  }

  private static func marks(_ archive: ZipArchive) -> JSONObject {
    var marks = JSONObject()
    for name in ["archive_version", "byteorder", "version", ".data/version"] {
      let entry = archive.entries.first { $0.name == name || $0.name.hasSuffix("/" + name) }
      guard let entry, entry.byteCount <= 64, let text = try? archive.text(of: entry, limit: 64) else { continue }
      marks.append(name, .string(String(text.prefix { $0 != "\n" })))
    }
    return marks
  }
}

extension CheckpointContents {
  /// Leaves a program's constants out of its state dict.
  fileprivate mutating func leaveOut(_ constants: [NamedTensor]) {
    guard case .stateDict(let all) = values else { return }
    let names = Set(constants.map { ExactName($0.name) })
    values = .stateDict(
      all.filter(leavingOut: "a constant of the program, not in its state dict") { !names.contains(ExactName($0.name)) }
    )
  }
}

extension String {
  /// Returns the range of the first occurrence of a string; nil if there is none.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
