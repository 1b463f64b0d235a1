extension OutputPlan {
  /// A safetensors file, or shards behind an index.
  ///
  /// - Throws: As `init(_:as:_:)`.
  init(safetensors stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
    let selection = try OutputSelection(
      stateDict, options,
      reason: { element in
        element.tensor.reasonNotInSafetensors
          ?? (element.name == "__metadata__" ? "the name is reserved by the format" : nil)
      },
      mayAlias: { $0 != "format" && !$0.hasPrefix("swt.") })
    try selection.requireExpansion(within: options)
    if let limit = options.maxShardByteCount {
      self = try OutputPlan(shards: selection, of: limit, stateDict.metadata, options)
      return
    }
    let layout = try SafetensorsLayout(
      selection, Self.metadata(stateDict.metadata, selection), annotations: options.annotations)
    self.init(OutputFile(rows: layout.rows, frame: layout), selection.report(byteCount: layout.dataByteCount))
  }

  /// What is kept in the file, with all that was left out.
  private static func metadata(
    _ metadata: StateDict.Metadata, _ selection: OutputSelection
  ) -> StateDict.Metadata {
    var metadata = metadata
    metadata.leftOut = selection.leftOut
    return metadata
  }

  /// Shards as Hugging Face's libraries cut them: in the order of the state dict, a new one where the limit would be passed,
  /// a larger tensor by itself, ties in the shard of the name that is kept.
  ///
  ///     model-00001-of-00002.safetensors
  ///     model-00002-of-00002.safetensors
  ///     model.safetensors.index.json          {"metadata": {"total_size": 84}, "weight_map": {…}}
  ///
  /// What fits one shard is `model.safetensors`, without an index. The first shard has the checkpoint's metadata.
  /// Source: `huggingface_hub/serialization/_base.py` (`split_state_dict_into_shards_factory`).
  private init(
    shards selection: OutputSelection, of limit: Int, _ metadata: StateDict.Metadata, _ options: WriteOptions
  ) throws(CheckpointError) {
    guard limit > 0 else { throw CheckpointError(.unsupported, "Shards of \(limit) bytes.") }
    let shards = Self.cut(selection.kept, limit)
    var shardOfName = [ExactName: Int](minimumCapacity: selection.kept.count)
    for (number, shard) in shards.enumerated() {
      for place in shard { shardOfName[ExactName(selection.kept[place].name)] = number }
    }
    func name(_ number: Int) -> String {
      func digits(_ value: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(5 - text.count, 0)) + text
      }
      return shards.count < 2
        ? "model.safetensors" : "model-\(digits(number + 1))-of-\(digits(shards.count)).safetensors"
    }
    var files: [OutputFile] = []
    var byteCount = 0
    for (number, shard) in shards.enumerated() {
      var part = selection
      part.kept = shard.map { selection.kept[$0] }
      part.aliases = selection.aliases.filter { shardOfName[ExactName($0.kept)] == number }
      let layout = try SafetensorsLayout(
        part, number == 0 ? Self.metadata(metadata, selection) : StateDict.Metadata(),
        annotations: number == 0 ? options.annotations : [:])
      byteCount += layout.dataByteCount
      files.append(OutputFile(name: name(number), rows: layout.rows, frame: layout))
    }
    if shards.count > 1 {
      let entries = JSONObject(
        selection.kept.map { ($0.name, .string(name(shardOfName[ExactName($0.name)] ?? 0))) })
      let index = Self.index(entries, selection.aliases, byteCount)
      files.append(OutputFile(name: "model.safetensors.index.json", rows: [], frame: WholeFrame(bytes: index)))
    }
    var report = selection.report(byteCount: byteCount)
    report.files = files.map(\.name)
    self.init(folder: files, report)
  }

  /// The places of each shard's tensors.
  private static func cut(_ kept: [OutputSelection.Kept], _ limit: Int) -> [[Int]] {
    var shards: [[Int]] = []
    var current: [Int] = []
    var byteCount = 0
    for (place, item) in kept.enumerated() {
      if item.tensor.byteCount > limit {
        shards.append([place])
        continue
      }
      if byteCount + item.tensor.byteCount > limit {
        shards.append(current)
        (current, byteCount) = ([], 0)
      }
      current.append(place)
      byteCount += item.tensor.byteCount
    }
    if !current.isEmpty || shards.isEmpty { shards.append(current) }
    return shards
  }

  /// The index, indented by two as Hugging Face's libraries write it; names that were dropped as ties are in its metadata.
  private static func index(
    _ entries: JSONObject, _ aliases: [OutputSelection.Alias], _ byteCount: Int
  ) -> [UInt8] {
    let metadata =
      ["total_size": .integer(byteCount)]
      + JSONObject(aliases.filter { $0.name != "total_size" }.map { ($0.name, .string($0.kept)) })
    func lines(_ members: JSONObject) -> String {
      members.map { "    \(JSONValue.string($0.name).text): \($0.value.text)" }.joined(separator: ",\n")
    }
    let text = """
      {
        "metadata": {
      \(lines(metadata))
        },
        "weight_map": {
      \(lines(entries))
        }
      }

      """
    return Array(text.utf8)
  }
}
