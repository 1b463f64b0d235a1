import StateDicts

/// Torch's DTensor: one rank's part of a tensor, with a record of how the whole is spread over a mesh of devices.
///
///     {"_local_tensor": tensor,
///      "_spec": DTensorSpec {"mesh": DeviceMesh {"_layout": …, "_coordinate_on_dim": (1, 0), "_flatten_rank_map": (0, 1, 2, 3)},
///                            "placements": (Shard {"dim": 0}, Replicate)}}
///
/// Source: `torch/distributed/tensor/_dtensor_spec.py`, `placement_types.py`, `device_mesh.py`.
extension TorchValues {
  private static let classes: Set<String> = [
    "torch.distributed.tensor.DTensor", "torch.distributed.tensor._api.DTensor",
    "torch.distributed._tensor.api.DTensor", "torch.distributed._tensor.DTensor",
  ]

  /// Whether a class is DTensor, under one of the names that it has had.
  func isDTensor(_ callable: Pickle.ID) -> Bool { globalName(at: callable).map(Self.classes.contains) ?? false }

  /// Reads how a DTensor is spread.
  func dtensorSpec(at id: Pickle.ID) -> DTensorSpec {
    let placements = (attribute("placements", of: id).flatMap(pickle.sequence) ?? []).prefix(16).map { placement in
      let name = pickle.object(at: placement).flatMap { globalName(at: $0.callable) } ?? "object"
      return DTensorSpec.Placement(
        name: String(name.split(separator: ".").last ?? ""),
        dimension: attribute("dim", of: placement).flatMap(pickle.integer),
        splitFactor: attribute("split_factor", of: placement).flatMap(pickle.integer))
    }
    var spec = DTensorSpec(placements: Array(placements))
    spec.shardOrder = shardOrder(of: id)
    guard let mesh = attribute("mesh", of: id) else { return spec }
    spec.sizes = meshSizes(mesh) ?? []
    spec.coordinate = attribute("_coordinate_on_dim", of: mesh).flatMap(integers)
    spec.deviceCount =
      attribute("_flatten_rank_map", of: mesh).flatMap(pickle.sequence)?.count
      ?? (spec.sizes.isEmpty ? nil : spec.sizes.reduce(1, &*))
    return spec
  }

  /// The size of each dimension of a mesh: what its layout says, or else the shape of its tensor of ranks.
  private func meshSizes(_ mesh: Pickle.ID) -> [Int]? {
    if let layout = attribute("_layout", of: mesh) {
      if let axes = attribute("axes", of: layout).flatMap(pickle.sequence) {
        return axes.map { axis in
          (attribute("shape", of: axis).flatMap(integers) ?? []).reduce(1, &*)
        }
      }
      if let shape = attribute("shape", of: layout) {
        return integers(at: shape) ?? pickle.integer(at: shape).map { [$0] }
      }
    }
    guard let ranks = attribute("mesh", of: mesh) ?? attribute("_mesh", of: mesh) else { return nil }
    return (try? tensor(at: ranks))?.shape
  }

  /// The dimensions of the mesh in the order in which they cut the tensor: of `ShardOrderEntry(tensor_dim, mesh_dims)`.
  private func shardOrder(of id: Pickle.ID) -> [Int]? {
    guard let entries = attribute("shard_order", of: id).flatMap(pickle.sequence) else { return nil }
    var order: [Int] = []
    for entry in entries {
      guard let object = pickle.object(at: entry), let dimensions = arguments(object).last.flatMap(integers) else {
        return nil
      }
      order += dimensions
    }
    return order
  }
}

/// How a DTensor is spread over a mesh of devices, and which of them a file is from.
struct DTensorSpec {
  /// What one dimension of the mesh does to the tensor.
  struct Placement {
    /// Its class: `Shard`, `Replicate`, `Partial`, `_StridedShard`.
    let name: String
    let dimension: Int?
    let splitFactor: Int?

    var isSplit: Bool { name == "Shard" || name == "_StridedShard" }
    var text: String { "\(name)(\(dimension.map(String.init) ?? ""))" }
  }

  let placements: [Placement]
  /// The sizes of the mesh.
  var sizes: [Int] = []
  var coordinate: [Int]?
  var deviceCount: Int?
  var shardOrder: [Int]?

  init(placements: [Placement]) {
    self.placements = placements
  }

  /// Whether a local tensor of these sizes is the whole of one of those.
  func isWhole(_ local: [Int], of shape: [Int]) -> Bool {
    local == shape && (deviceCount == 1 || !placements.contains { $0.name.contains("Partial") })
  }

  /// What the rank has of a tensor.
  func part(_ local: Tensor, of shape: [Int]) -> RankPart {
    let text = "DTensor (\(placements.map(\.text).joined(separator: ", ")))"
    switch offsets(of: local.shape, in: shape) {
    case .success(let offsets):
      return RankPart(chunks: [TensorChunk(offsets: offsets, tensor: local)], placement: text)
    case .failure(let obstacle): return RankPart(chunks: [], placement: text, obstacle: obstacle.text)
    }
  }

  private struct Obstacle: Error {
    let text: String
  }

  /// Where the rank's part begins in the whole.
  ///
  /// `Shard(dim)` cuts as `torch.chunk` does: ceil(size / count) each, the last ones shorter or empty.
  private func offsets(of local: [Int], in shape: [Int]) -> Result<[Int], Obstacle> {
    if placements.contains(where: { $0.name.contains("Partial") }) {
      return .failure(Obstacle(text: "the parts of a Partial are to be summed, which is not done"))
    }
    if let other = placements.first(where: { !$0.isSplit && $0.name != "Replicate" }) {
      return .failure(Obstacle(text: "the placement \(other.name) is not known"))
    }
    guard let coordinate, coordinate.count == sizes.count, sizes.count == placements.count else {
      return .failure(Obstacle(text: "the file does not say which device of the mesh it is from"))
    }
    guard let order = order() else {
      return .failure(Obstacle(text: "the order in which the dimensions of the mesh cut it is not known"))
    }
    var starts = [Int](repeating: 0, count: shape.count)
    var lengths = shape
    for axis in order {
      guard let dimension = placements[axis].dimension.map({ $0 < 0 ? $0 + shape.count : $0 }),
        shape.indices.contains(dimension), sizes[axis] > 0, (0..<sizes[axis]).contains(coordinate[axis])
      else { return .failure(Obstacle(text: "its placements do not fit its shape \(shape)")) }
      let length = lengths[dimension]
      let step = length / sizes[axis] + (length % sizes[axis] == 0 ? 0 : 1)
      let start = min(step.times(coordinate[axis]) ?? length, length)
      starts[dimension] += start
      lengths[dimension] = min(step, length - start)
    }
    guard local == lengths || (lengths.contains(0) && local.contains(0)) else {
      return .failure(Obstacle(text: "its local tensor has the shape \(local), and its placements give \(lengths)"))
    }
    return .success(starts)
  }

  /// The dimensions of the mesh that cut the tensor, in the order in which they do: from left to right, but strided ones,
  /// as FSDP has them over tensor parallelism, after all those to their right.
  private func order() -> [Int]? {
    let cutting = placements.indices.filter { placements[$0].isSplit }
    if let shardOrder { return shardOrder.sorted() == cutting ? shardOrder : nil }
    let strided = cutting.filter { placements[$0].name == "_StridedShard" }
    for axis in strided {
      let right = cutting.filter { $0 > axis && placements[$0].dimension == placements[axis].dimension }
      guard placements[axis].splitFactor == right.reduce(1, { $0 &* sizes[$1] }) else { return nil }
    }
    return cutting.filter { placements[$0].name == "Shard" } + strided.reversed()
  }
}
