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

  /// The role of a tensor in a module.
  public enum Role: String, Codable, Sendable {
    /// A trainable parameter.
    case parameter
    /// A buffer, which is saved but not trained.
    case buffer
    /// A non-persistent buffer, which is not in `state_dict()`.
    case nonPersistentBuffer = "non_persistent_buffer"
  }

  init(name: String?, tensor: Tensor, role: Role? = nil, isNumpyScalar: Bool = false) {
    self.isNumpyScalar = isNumpyScalar
    self.name = name ?? ""
    isUnnamed = name == nil
    self.tensor = tensor
    self.role = role
  }

  /// Returns the tensor with a prefix for the path of the value that holds its file.
  func under(_ path: String?) -> NamedTensor {
    guard let path else { return self }
    return NamedTensor(
      name: isUnnamed ? path : "\(path).\(name)", tensor: tensor, role: role, isNumpyScalar: isNumpyScalar)
  }
}
