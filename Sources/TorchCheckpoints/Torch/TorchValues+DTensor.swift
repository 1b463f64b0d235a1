import StateDicts

/// Torch's DTensor: one rank's part of a tensor, with a record of how the whole is spread over a mesh of devices.
///
///     {"_local_tensor": tensor,
///      "_spec": DTensorSpec {"mesh": DeviceMesh {"_flatten_rank_map": (0,)}, "placements": (Shard {"dim": 0},)}}
///
/// Source: `torch/distributed/tensor/_dtensor_spec.py`, `placement_types.py`, `device_mesh.py`.
extension TorchValues {
  private static let classes: Set<String> = [
    "torch.distributed.tensor.DTensor", "torch.distributed.tensor._api.DTensor",
    "torch.distributed._tensor.api.DTensor", "torch.distributed._tensor.DTensor",
  ]

  /// Whether a class is DTensor, under one of the names that it has had.
  func isDTensor(_ callable: Pickle.ID) -> Bool { globalName(at: callable).map(Self.classes.contains) ?? false }

  /// What of a DTensor is in the file, by its attributes.
  struct LocalPart {
    /// How the whole is spread, by torch's names: `Shard(0)`, `Replicate()`, `Partial()`.
    let placements: [String]
    /// Whether the mesh has one device only.
    let isOnlyDevice: Bool

    /// Whether a local tensor of these sizes is the whole of one of those.
    func isWhole(_ local: [Int], of shape: [Int]) -> Bool {
      local == shape && (isOnlyDevice || !placements.contains { $0.contains("Partial") })
    }
  }

  /// What the specification of a DTensor says.
  func localPart(_ specification: Pickle.ID) -> LocalPart {
    let placements = attribute("placements", of: specification).flatMap(pickle.sequence) ?? []
    let names = placements.prefix(16).map { placement -> String in
      let name = pickle.object(at: placement).flatMap { globalName(at: $0.callable) } ?? "object"
      let dimension = attribute("dim", of: placement).flatMap(pickle.integer).map(String.init) ?? ""
      return "\(name.split(separator: ".").last ?? "")(\(dimension))"
    }
    guard let mesh = attribute("mesh", of: specification) else {
      return LocalPart(placements: names, isOnlyDevice: false)
    }
    var count = attribute("_flatten_rank_map", of: mesh).flatMap(pickle.sequence)?.count
    if count == nil, let ranks = attribute("mesh", of: mesh) ?? attribute("_mesh", of: mesh) {
      count = (try? tensor(at: ranks))?.elementCount
    }
    return LocalPart(placements: names, isOnlyDevice: count == 1)
  }
}
