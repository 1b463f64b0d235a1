import StateDicts

/// What `…_model_states.pt` says: which weights there are, and what else belongs to the state dict.
///
///     module                    {"bn.running_mean": tensor, …}; of stage 3 the weights are empty
///     buffer_names              ["bn.running_mean", …]
///     param_shapes              [{"fc.weight": Size([3, 4]), …}, …], one for each group of parameters, in the order of the data
///     frozen_param_shapes       {"embed.weight": Size([8, 4])} or None; frozen_param_fragments has their elements
///     shared_params             {"head.weight": "embed.weight"}
struct ZeroModelState {
  typealias Shape = (name: String, sizes: [Int])

  private(set) var buffers: [(name: String, tensor: Tensor)] = []
  private(set) var shapes: [[Shape]] = []
  private(set) var frozenShapes: [Shape] = []
  private(set) var frozen: [ExactName: Tensor] = [:]
  private(set) var shared: [(name: String, of: String)] = []
  let version: String?

  /// - Throws: `unsupported` for another file, `malformedTensor`.
  init(_ values: TorchValues) throws(CheckpointError) {
    let (root, pickle) = (values.pickle.root, values.pickle)
    version = values.value("ds_version", in: root).flatMap(pickle.text)
    guard let names = values.value("buffer_names", in: root).flatMap(pickle.sequence),
      let groups = values.value("param_shapes", in: root).flatMap(pickle.sequence)
    else {
      throw CheckpointError(
        .unsupported, "The file has no buffer_names or param_shapes, so it is not a model state of ZeRO.",
        remedy: "experts in files of their own are not joined, as in zero_to_fp32")
    }
    let bufferNames = Set(names.compactMap(pickle.text).map { ExactName($0) })
    for group in groups { try shapes.append(Self.shapes(group, values)) }
    if let frozen = values.value("frozen_param_shapes", in: root), values.mapping(at: frozen) != nil {
      frozenShapes = try Self.shapes(frozen, values)
      for entry in values.value("frozen_param_fragments", in: root).flatMap(values.mapping) ?? [] {
        self.frozen[ExactName(pickle.keyText(entry.key))] = try values.tensor(at: entry.value)
      }
    }
    for entry in values.value("module", in: root).flatMap(values.mapping) ?? [] {
      let name = pickle.keyText(entry.key)
      guard bufferNames.contains(ExactName(name)), let tensor = try values.tensor(at: entry.value) else { continue }
      buffers.append((name, tensor))
    }
    for entry in values.value("shared_params", in: root).flatMap(values.mapping) ?? [] {
      guard let kept = pickle.text(at: entry.value) else { continue }
      shared.append((pickle.keyText(entry.key), kept))
    }
  }

  private static func shapes(_ group: Pickle.ID, _ values: TorchValues) throws(CheckpointError) -> [Shape] {
    var shapes: [Shape] = []
    for entry in values.mapping(at: group) ?? [] {
      let name = values.pickle.keyText(entry.key)
      guard let sizes = values.integers(at: entry.value) else {
        throw CheckpointError.malformedTensor("\(name) has no shape in param_shapes.")
      }
      shapes.append((name, sizes))
    }
    return shapes
  }
}

/// What `…_optim_states.pt` has of one rank: a vector for each group of parameters.
///
///     optimizer_state_dict      zero_stage, partition_count,
///                               single_partition_of_fp32_groups [vector, …]      stages 1 and 2
///                               fp32_flat_groups [vector, …]                     stage 3
struct ZeroRank {
  /// Whether a path in the file is that of weights rather than of the rest of the optimizer's state.
  static func isWeight(_ path: String) -> Bool {
    ["single_partition_of_fp32_groups.", "fp32_flat_groups."].contains { path.hasPrefix("optimizer_state_dict.\($0)") }
  }

  let stage: Int
  let partitionCount: Int
  let groups: [Tensor]

  /// - Throws: `unsupported` for the state of another optimizer, `malformedTensor`.
  init(_ values: TorchValues) throws(CheckpointError) {
    let pickle = values.pickle
    guard let state = values.value("optimizer_state_dict", in: pickle.root),
      let stage = values.value("zero_stage", in: state).flatMap({ Self.number($0, values) })
    else {
      throw CheckpointError(
        .unsupported, "The file has no zero_stage, so it is not a state of ZeRO.",
        remedy: "convert the file …_model_states.pt, which has the weights of other optimizers")
    }
    self.stage = stage
    let count = values.value("partition_count", in: state)
    // Each group may have its own count.
    let counts = count.flatMap(values.integers) ?? count.flatMap(pickle.integer).map { [$0] } ?? []
    partitionCount = counts.max() ?? 0
    guard (0...3).contains(stage) else {
      throw CheckpointError(.unsupported, "ZeRO has no stage \(stage).")
    }
    let key = stage == 3 ? "fp32_flat_groups" : "single_partition_of_fp32_groups"
    guard let items = values.value(key, in: state).flatMap(pickle.sequence) else {
      throw CheckpointError.malformedTensor("The file has no \(key), the weights of its rank.")
    }
    var groups: [Tensor] = []
    for item in items {
      guard let tensor = try values.tensor(at: item), tensor.shape.count == 1, tensor.composition == nil,
        tensor.byteCount <= tensor.storage.byteCount
      else {
        throw CheckpointError.malformedTensor("An item of \(key) is not a vector.")
      }
      groups.append(tensor)
    }
    self.groups = groups
  }

  /// A number, or a member of an enum, which is a call of its class with the number.
  private static func number(_ id: Pickle.ID, _ values: TorchValues) -> Int? {
    values.pickle.integer(at: id)
      ?? values.pickle.object(at: id).flatMap { values.arguments($0).first }.flatMap(values.pickle.integer)
  }
}
