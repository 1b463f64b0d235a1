import StateDicts

/// Torch's ShardedTensor: one rank's shards of a tensor, each with its place in the whole.
///
///     ([Shard {"tensor": tensor, "metadata": ShardMetadata {"shard_offsets": [6, 0], "shard_sizes": [1, 5]}}],
///      ShardedTensorMetadata {"shards_metadata": […]}, …)
///
/// Source: `torch/distributed/_shard/sharded_tensor/api.py`, `shard.py`.
extension TorchValues {
  /// Whether a class is ShardedTensor.
  func isShardedTensor(_ callable: Pickle.ID) -> Bool {
    globalName(at: callable) == "torch.distributed._shard.sharded_tensor.api.ShardedTensor"
  }

  /// What the rank has of a tensor, by the state of a ShardedTensor; nil if it is no such state.
  ///
  /// - Throws: `malformedTensor`.
  func shards(_ state: Pickle.ID, depth: Int) throws(CheckpointError) -> RankPart? {
    guard let parts = pickle.sequence(at: state), parts.count >= 2,
      let shards = pickle.sequence(at: parts[parts.startIndex])
    else { return nil }
    guard shards.count <= Composition.partLimit else {
      throw CheckpointError(
        .limitExceeded, "A ShardedTensor has \(shards.count) shards in one file; the limit is \(Composition.partLimit)."
      )
    }
    var chunks: [TensorChunk] = []
    for shard in shards {
      guard let metadata = attribute("metadata", of: shard),
        let offsets = attribute("shard_offsets", of: metadata).flatMap(integers),
        let tensor = try attribute("tensor", of: shard).flatMap({ id throws(CheckpointError) in
          try self.tensor(at: id, depth: depth + 1)
        }), tensor.composition == nil
      else { throw CheckpointError.malformedTensor("A shard of a ShardedTensor has no tensor or no offsets.") }
      chunks.append(TensorChunk(offsets: offsets, tensor: tensor))
    }
    let total = attribute("shards_metadata", of: parts[parts.startIndex + 1]).flatMap(pickle.sequence)?.count
    return RankPart(
      chunks: chunks, placement: "ShardedTensor (\(chunks.count) of \(total.map(String.init) ?? "several") shards)")
  }
}
