import StateDicts

/// The role of a checkpoint in its archive, by its contents.
enum MemberRole: Equatable {
  /// A file of weights, with its number of tensors.
  case weights(Int)
  /// An optimizer's own state dict: `state` and `param_groups`.
  case optimizer
  /// Scalars, such as the temperature of soft actor-critic: no tensor has more than one element.
  case scalars(Int)
  case noTensors

  init(_ contents: CheckpointContents) {
    let tensors = contents.tensors
    if let value = contents.value, value["param_groups"] != nil, value["state"] != nil {
      self = .optimizer
    } else if tensors.isEmpty {
      self = .noTensors
    } else if tensors.allSatisfy({ $0.tensor.elementCount <= 1 }) {
      self = .scalars(tensors.count)
    } else {
      self = .weights(tensors.count)
    }
  }

  /// What it is, in words.
  var text: String {
    switch self {
    case .weights(let count): count == 1 ? "1 tensor" : "\(count) tensors"
    case .optimizer: "an optimizer's state"
    case .scalars(let count): count == 1 ? "1 number" : "\(count) numbers"
    case .noTensors: "no tensors"
    }
  }
}
