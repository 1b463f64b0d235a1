public import StateDicts

/// The specification of a model's tensor: name, shape, dtype and role.
public struct ParameterSpec: Hashable, Sendable {
  /// The name in the state dict: the path of the module and the name of the tensor, joined by dots.
  public let name: String
  /// The size of each dimension, in torch's layouts: a convolution's weight is [out, in / groups, height, width].
  public let shape: [Int]
  /// The dtype that the model uses; nil for any.
  public let elementType: ElementType?
  /// What the tensor is to its model.
  public let role: ParameterRole
  /// Whether the tensor is trained; only parameters can be.
  public internal(set) var isTrainable: Bool
  /// The kind of convolution whose weight the tensor is; nil for other tensors.
  public let convolution: ConvolutionKind?
  /// The names in older checkpoints, the latest first.
  public let formerNames: [FormerName]
  /// The layout version that added the tensor; state dicts of an older version, or none, may not have it.
  public let since: LayoutVersion?

  /// Creates a specification.
  public init(
    _ name: String, shape: [Int], elementType: ElementType? = .float32, role: ParameterRole = .parameter,
    isTrainable: Bool = true, convolution: ConvolutionKind? = nil, formerNames: [FormerName] = [],
    since: LayoutVersion? = nil
  ) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.role = role
    self.isTrainable = isTrainable && role == .parameter
    self.convolution = convolution
    self.formerNames = formerNames
    self.since = since
  }

  /// The path of the tensor's module, such as `layer1.0.conv1` of `layer1.0.conv1.weight`; empty at the top.
  public var modulePath: Substring {
    name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[..<$0] } ?? ""
  }

  /// The name within the module, such as `weight` of `layer1.0.conv1.weight`.
  public var key: Substring {
    name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...] } ?? name[...]
  }
}

extension ParameterSpec: CustomStringConvertible {
  /// Name, dtype, shape and role: `conv1.weight float32 [64, 3, 7, 7] parameter`.
  public var description: String {
    "\(name) \(elementType?.rawValue ?? "any") \(shape) \(role.rawValue)\(isTrainable || role != .parameter ? "" : ", frozen")"
  }
}
