public import StateDicts

/// A tensor with its path.
public struct NamedTensor: Sendable {
  /// The path: keys and indices from the top of the file, joined by dots.
  public let name: String
  /// The tensor.
  public let tensor: Tensor
  /// The role of the tensor in its module; nil outside modules.
  public let role: Role?
  /// Whether the file is the tensor itself, so that no path leads to it; an empty key is a name.
  let isUnnamed: Bool

  /// The name in a state dict, where every tensor has one.
  var key: String { isUnnamed ? "tensor" : name }

  /// Whether it is a single number that numpy made: a value rather than a tensor.
  let isNumpyScalar: Bool

  /// The value of the file's own pickle that it is; nil for a tensor of a file within the file.
  let node: Pickle.ID?

  /// The role of a tensor in a module.
  public enum Role: String, Codable, Sendable {
    /// A trainable parameter.
    case parameter
    /// A buffer, which is saved but not trained.
    case buffer
    /// A non-persistent buffer, which is not in `state_dict()`.
    case nonPersistentBuffer = "non_persistent_buffer"
  }

  init(
    name: String?, tensor: Tensor, role: Role? = nil, isNumpyScalar: Bool = false, node: Pickle.ID? = nil
  ) {
    self.node = node
    self.isNumpyScalar = isNumpyScalar
    self.name = name ?? ""
    isUnnamed = name == nil
    self.tensor = tensor
    self.role = role
  }

  /// Returns the tensor of a file within the file, with a prefix for the path of the value that holds it.
  func under(_ path: String?) -> NamedTensor {
    let own = isUnnamed ? nil : name
    return NamedTensor(
      name: path.map { path in own.map { "\(path).\($0)" } ?? path } ?? own, tensor: tensor, role: role,
      isNumpyScalar: isNumpyScalar)
  }
}
