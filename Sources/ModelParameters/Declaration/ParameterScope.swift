public import StateDicts

/// A node in the tree of a model's names, in which a layer declares its tensors and receives them.
///
///     struct Linear: Sendable {
///       let weight, bias: Tensor
///       init(_ inputs: Int, _ outputs: Int, in scope: ParameterScope) {
///         weight = scope.parameter("weight", outputs, inputs)
///         bias = scope.parameter("bias", outputs)
///       }
///     }
///     fc = Linear(512, 1000, in: scope / "fc")
///
/// A model's initializer runs twice: once to record its tensors (with shapes but no values), and once to load them.
/// Calls on a scope never throw: errors are collected, and thrown together at the end.
public struct ParameterScope {
  /// The path of the node, such as `backbone.body.layer1`; empty at the top.
  public let path: String
  private let formerPaths: [FormerName]
  private let declarations: Declarations

  init(_ declarations: Declarations) {
    self.init(path: "", formerPaths: [], declarations: declarations)
  }

  private init(path: String, formerPaths: [FormerName], declarations: Declarations) {
    self.path = path
    self.formerPaths = formerPaths
    self.declarations = declarations
  }

  /// The node of a submodule.
  public static func / (scope: ParameterScope, name: String) -> ParameterScope {
    ParameterScope(
      path: scope.path.appending(component: name), formerPaths: scope.formerPaths.appending(component: name),
      declarations: scope.declarations)
  }

  /// The node of a module in a list, as in torch's `nn.Sequential` and `nn.ModuleList`.
  public static func / (scope: ParameterScope, index: Int) -> ParameterScope { scope / String(index) }

  /// Declares that older checkpoints have this scope under another name.
  ///
  /// - Parameters:
  ///   - older: The older name.
  ///   - version: The layout version that changed the name; state dicts of this version must have the new name.
  ///   - module: The module whose layout version changed.
  public func formerly(
    _ older: ParameterScope, before version: Int? = nil, of module: ParameterScope? = nil
  ) -> ParameterScope {
    let before = version.map { LayoutVersion($0, of: (module ?? older).path) }
    let moved = [FormerName(older.path, before: before)] + older.formerPaths
    return ParameterScope(path: path, formerPaths: formerPaths + moved, declarations: declarations)
  }

  /// Declares a trainable tensor and returns it.
  ///
  /// - Parameters:
  ///   - name: The tensor's name in its module.
  ///   - shape: The sizes of its dimensions, in torch's order.
  ///   - elementType: The dtype in which the model has it; a match converts others.
  ///   - convolution: The kind of convolution whose weight it is, if it is one.
  public func parameter(
    _ name: String, _ shape: Int..., as elementType: ElementType = .float32, convolution: ConvolutionKind? = nil
  ) -> Tensor {
    declare(name, shape, elementType, .parameter, convolution: convolution)
  }

  /// Declares a tensor that is saved with the model but never trained, and returns it.
  ///
  /// - Parameters:
  ///   - name: The tensor's name in its module.
  ///   - shape: The sizes of its dimensions, in torch's order.
  ///   - elementType: The dtype in which the model has it; a match converts others.
  ///   - version: The layout version that added the tensor; older state dicts do not have it.
  public func buffer(
    _ name: String, _ shape: Int..., as elementType: ElementType = .float32, since version: Int? = nil
  ) -> Tensor {
    declare(name, shape, elementType, .buffer, since: version)
  }

  /// Declares a name that a state dict may have but that is not used.
  public func ignore(_ name: String) {
    _ = declare(name, [], nil, .ignored)
  }

  private func declare(
    _ name: String, _ shape: [Int], _ elementType: ElementType?, _ role: ParameterRole, since version: Int? = nil,
    convolution: ConvolutionKind? = nil
  ) -> Tensor {
    declarations.declare(
      ParameterSpec(
        path.appending(component: name), shape: shape, elementType: elementType, role: role, convolution: convolution,
        formerNames: formerPaths.appending(component: name), since: version.map { LayoutVersion($0, of: path) }))
  }
}

extension String {
  fileprivate func appending(component: String) -> String { isEmpty ? component : self + "." + component }
}

extension [FormerName] {
  fileprivate func appending(component: String) -> [FormerName] {
    isEmpty ? self : map { FormerName($0.name.appending(component: component), before: $0.before) }
  }
}
