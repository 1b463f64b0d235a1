/// A part of a tensor, and where in it the part begins.
package struct TensorChunk: Sendable {
  package let offsets: [Int]
  package let tensor: Tensor

  package init(offsets: [Int], tensor: Tensor) {
    self.offsets = offsets
    self.tensor = tensor
  }
}

/// What one rank of a training job has of a tensor that is spread over several: a DTensor or a ShardedTensor.
package struct RankPart: Sendable {
  /// The parts, with their places in the whole tensor.
  package let chunks: [TensorChunk]
  /// How the tensor is spread, as an error says it: `DTensor (Shard(0))`.
  package let placement: String
  /// Why no number of files gives the whole tensor; nil if the parts of all ranks do.
  package let obstacle: String?

  package init(chunks: [TensorChunk], placement: String, obstacle: String? = nil) {
    self.chunks = chunks
    self.placement = placement
    self.obstacle = obstacle
  }

  /// Why a format of plain arrays cannot hold the tensor.
  var reason: String {
    "one rank's part of a \(placement); "
      + (obstacle ?? "convert the folder with the files of all ranks, or give all of them with --merge")
  }
}
