public import StateDicts

/// What a tensor is to its model.
public enum ParameterRole: String, Codable, Sendable {
  /// Learned; torch's `nn.Parameter`.
  case parameter
  /// Kept with the model but never trained: torch's buffers, such as running means.
  case buffer
  /// Accepted in a state dict and not used, such as `num_batches_tracked` under a frozen normalization.
  case ignored
}

/// A version of a module's layout, as the state dict's `_metadata` counts them.
public struct LayoutVersion: Hashable, Codable, Sendable {
  /// The path of the module whose layout is meant, such as `backbone.fpn`.
  public let module: String
  /// The number of the version.
  public let version: Int

  /// Creates a version.
  public init(_ version: Int, of module: String) {
    self.module = module
    self.version = version
  }
}

/// A name that older checkpoints have for a tensor.
public struct FormerName: Hashable, Sendable {
  /// The older name, whole.
  public let name: String
  /// The layout version that renamed it; nil if the older name is good in every version.
  public let before: LayoutVersion?

  /// Creates a former name.
  public init(_ name: String, before: LayoutVersion? = nil) {
    self.name = name
    self.before = before
  }
}

/// One tensor that a model has: its name, shape, type and role.
public struct ParameterSpec: Hashable, Sendable {
  /// The name in the state dict: the path of the module and the tensor's own name, joined by dots.
  public let name: String
  /// The size of each dimension, in torch's layouts: a convolution's weight is [out, in / groups, height, width].
  public let shape: [Int]
  /// The type that the model computes with; nil if it takes any.
  public let elementType: ElementType?
  /// What the tensor is to its model.
  public let role: ParameterRole
  /// Whether training changes it; only parameters can be trained.
  public internal(set) var isTrainable: Bool
  /// The names that older checkpoints have for it, the latest first.
  public let formerNames: [FormerName]
  /// The layout version that brought it; a state dict of an older one, or of none, may be without it.
  public let since: LayoutVersion?

  /// Creates a specification; a parameter trains, a buffer never does.
  public init(
    _ name: String, shape: [Int], elementType: ElementType? = .float32, role: ParameterRole = .parameter,
    isTrainable: Bool = true, formerNames: [FormerName] = [], since: LayoutVersion? = nil
  ) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.role = role
    self.isTrainable = isTrainable && role == .parameter
    self.formerNames = formerNames
    self.since = since
  }

  /// The path of the module that the tensor belongs to, empty at the top: `layer1.0.conv1` of `layer1.0.conv1.weight`.
  public var modulePath: Substring {
    name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[..<$0] } ?? ""
  }

  /// The tensor's name within its module: `weight` of `layer1.0.conv1.weight`.
  public var key: Substring {
    name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...] } ?? name[...]
  }
}

extension ParameterSpec: CustomStringConvertible {
  /// Name, type, shape and role: `conv1.weight float32 [64, 3, 7, 7] parameter`.
  public var description: String {
    "\(name) \(elementType?.rawValue ?? "any") \(shape) \(role.rawValue)\(isTrainable || role != .parameter ? "" : ", frozen")"
  }
}
