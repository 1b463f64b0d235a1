import StateDicts

extension Checkpoint {
  /// Whether the file has one rank's parts of tensors that are spread over several: DTensors or ShardedTensors.
  public var isRankPart: Bool { RankFiles.isPart(contents) }

  /// Creates a checkpoint from the files of all ranks of a training job, whose parts are put together by their placements.
  ///
  ///     let ranks = try (0..<4).map { try Checkpoint(path: "model.rank\($0).pt") }
  ///     let weights = try Checkpoint(ranks: ranks).stateDict()
  ///
  /// A folder that holds these files, with the rank in their names, is opened the same way. Tensors that are whole in every
  /// file, and other values, are taken from the first.
  ///
  /// - Throws: `missingRecord` if a part of a tensor is in none of the files; `unsupported` if the files have different
  ///   tensors, or nothing that says how they fit together; `malformedTensor` if parts overlap.
  public init(ranks: [Checkpoint]) throws(CheckpointError) {
    let options = ranks.first?.options ?? CheckpointOptions()
    let name = ranks.map(\.file).joined(separator: ", ")
    try self.init(RankFiles.gather(ranks.map(\.contents), as: name, options), options: options)
  }
}
