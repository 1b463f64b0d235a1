public import StateDicts

/// What the scopes of one reading of a model share: the list that grows, or the match that is handed out in order.
final class Declarations {
  private(set) var specs: [ParameterSpec] = []
  private(set) var places: [ExactName: Int] = [:]
  private(set) var failure: (any Error)?
  private let match: Match?
  private var declaredCount = 0
  private var boundCount = 0

  /// A reading that records what the model declares.
  init() {
    match = nil
  }

  /// A reading that hands out what the match has bound.
  init(loading match: Match) {
    self.match = match
  }

  func declare(_ spec: ParameterSpec) -> Tensor {
    guard let match else {
      let former = places.updateValue(specs.count, forKey: ExactName(spec.name))
      precondition(former == nil, "\(spec.name) is declared twice")
      specs.append(spec)
      return Tensor(declared: spec)
    }
    // The initializer is the one that made the registry, so what it declares comes in the registry's order.
    let expected = declaredCount < match.registry.specs.count ? match.registry.specs[declaredCount] : nil
    declaredCount += 1
    guard let expected, expected.name == spec.name, expected.shape == spec.shape else {
      record(
        ParameterError(
          .otherModel, "The match is for another model: it has no \(spec.name) of shape \(spec.shape).",
          remedy: "make the registry and the model with the same configuration"))
      return Tensor(declared: spec)
    }
    guard boundCount < match.bound.count, match.bound[boundCount].name == spec.name else {
      return Tensor(declared: spec)
    }
    boundCount += 1
    return match.bound[boundCount - 1].converted
  }

  /// Keeps the first thing that went wrong.
  func record(_ error: any Error) {
    failure = failure ?? error
  }

  /// Throws what went wrong on the way, or that the model declared less than the match has.
  func finish() throws {
    if let failure { throw failure }
    if let match, declaredCount < match.registry.specs.count {
      let name = match.registry.specs[declaredCount].name
      throw ParameterError(
        .otherModel, "The match is for another model: \(name) is not in this one.",
        remedy: "make the registry and the model with the same configuration")
    }
  }
}

extension Tensor {
  /// A tensor that a model declares: a shape and no values.
  init(declared spec: ParameterSpec) {
    self.init(shapeOnly: spec.shape, elementType: spec.elementType ?? .float32)
  }

  /// A tensor with a shape and no values, as torch's meta tensors are; reading it is an error.
  package init(shapeOnly shape: [Int], elementType: ElementType) {
    self.init(
      elementType: elementType,
      geometry: TensorGeometry(contiguous: shape, elementCount: shape.reduce(1, &*)),
      storage: .withoutBytes, composition: .withoutValues)
  }

  /// Whether the tensor has values.
  public var hasValues: Bool { composition?.kind != .meta }
}

extension Storage {
  fileprivate static let withoutBytes = Storage(ByteStore(copying: []))
}

extension Composition {
  fileprivate static let withoutValues = Composition(.meta)
}
