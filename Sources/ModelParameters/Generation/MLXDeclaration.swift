import StateDicts

/// Writes the classes of a model in the form of MLX's `Module`.
///
/// In MLX a list is an array that begins at 0, so layers without tensors, such as activations, are `Identity` in it.
struct MLXWriter {
  let plan: DeclarationPlan
  /// The types that are not written as classes, because they are lists.
  private let lists: Set<Int>

  init(plan: DeclarationPlan) {
    self.plan = plan
    lists = Set(plan.types.indices.filter { $0 != plan.model && plan.types[$0].isList })
  }

  func source() -> [String] {
    var lines = ["import MLX", "import MLXNN", ""]
    lines += structure(plan.model)
    lines.removeLast()
    for place in plan.types.indices.reversed() where place != plan.model && !lists.contains(place) {
      if case .members = plan.types[place].body { lines += [""] + structure(place).indented(2) }
    }
    return lines + ["}"]
  }

  private func structure(_ place: Int) -> [String] {
    guard case .members(let members) = plan.types[place].body else { return [] }
    var properties: [String] = []
    var body: [String] = []
    var start = 0
    for (member, property) in zip(members, plan.properties[place]) {
      let sizes = SizeExpressions(plan: plan, place: place, first: start)
      start += plan.sizeCount(of: member)
      switch member {
      case .tensor(let key, let rank, _, _):
        properties.append("@ParameterInfo(key: \(key.text.swiftLiteral)) var \(property): MLXArray")
        body.append(
          "_\(property).wrappedValue = MLXArray.zeros([\((0..<rank).map { sizes[$0] }.joined(separator: ", "))])")
      case .module(let component, let type) where lists.contains(type):
        properties.append("@ModuleInfo(key: \(component.text.swiftLiteral)) var \(property): [Module]")
        body += list(property, plan.types[type].members, sizes)
      case .module(let component, let type):
        properties.append("@ModuleInfo(key: \(component.text.swiftLiteral)) var \(property): \(name(of: type))")
        body.append("_\(property).wrappedValue = \(call(type, sizes))")
      case .array(let list?, .equal(from: 0), let type) where !lists.contains(type):
        properties.append("@ModuleInfo(key: \(list.text.swiftLiteral)) var \(property): [\(name(of: type))]")
        body.append("_\(property).wrappedValue = (0..<\(sizes[0])).map { _ in \(call(type, sizes.dropFirst(1))) }")
      case .array(let name, let items, let type):
        let key = name?.text ?? "\(items.first)"
        properties.append("@ModuleInfo(key: \(key.swiftLiteral)) var \(property): [Module]")
        body += list(property, [.array(list: nil, items: items, type: type)], sizes)
      }
    }
    let arguments = place == plan.model ? [] : plan.arguments(of: place).map { "\($0.name): Int" }
    return plan.comment(on: place) + ["class \(plan.typeNames[place]): Module {"] + properties.indented(2) + [""]
      + ["  \(arguments.isEmpty ? "override " : "")init(\(arguments.joined(separator: ", "))) {"] + body.indented(4) + [
        "  }", "}",
      ]
  }

  /// The statements that make an array of all items of a list.
  private func list(
    _ property: String, _ members: [DeclaredTypes.Member], _ sizes: SizeExpressions
  ) -> [String] {
    let layers = "\(property)Layers"
    var lines = ["var \(layers): [Module] = []"]
    var start = 0
    var next: Int? = 0
    func skip(to index: Int) {
      // Where the number before is a parameter, or a name is a very large number, what is between is not known.
      if let end = next, index >= end, index - end < 100 {
        lines += [String](repeating: "\(layers).append(Identity())", count: index - end)
      }
    }
    for member in members {
      let sizes = sizes.dropFirst(start)
      start += plan.sizeCount(of: member)
      switch member {
      case .tensor: break
      case .module(let component, let type):
        skip(to: component.index ?? 0)
        lines += item(layers, type, sizes)
        next = component.index.map { $0 + 1 }
      case .array(_, .equal(let index), let type):
        skip(to: index)
        let count = sizes[0]
        lines += ["for _ in 0..<\(count) {"] + item(layers, type, sizes.dropFirst(1)).indented(2) + ["}"]
        next = Int(count).flatMap { index.plus($0) }
      case .array(_, .scattered(let indices), let type):
        for index in indices {
          skip(to: index)
          lines += item(layers, type, sizes)
          next = index.plus(1)
        }
      case .array(_, .different(let indices), let type):
        for (place, index) in indices.enumerated() {
          skip(to: index)
          lines += item(layers, type, sizes.dropFirst(place * plan.types[type].sizeCount))
          next = index.plus(1)
        }
      }
    }
    return lines + ["_\(property).wrappedValue = \(layers)"]
  }

  /// The statements that add an item, which may be a list itself.
  private func item(_ layers: String, _ type: Int, _ sizes: SizeExpressions) -> [String] {
    guard lists.contains(type) else { return ["\(layers).append(\(call(type, sizes)))"] }
    // A list in a list is a `Sequential`, whose own array has the key `layers`.
    let inner = list("_", plan.types[type].members, sizes)
    return ["do {"] + inner.dropLast().map { "  " + $0 } + ["  \(layers).append(Sequential(layers: _Layers))", "}"]
  }

  private func name(of type: Int) -> String {
    if case .layer(let layer) = plan.types[type].body { return layer.mlxName }
    return plan.typeNames[type]
  }

  private func call(_ type: Int, _ sizes: SizeExpressions) -> String {
    if case .layer(let layer) = plan.types[type].body { return layer.mlxCall(sizes) }
    let arguments = plan.arguments(of: type).map { "\($0.name): \(sizes[$0.size])" }
    return "\(plan.typeNames[type])(\(arguments.joined(separator: ", ")))"
  }
}

/// The expressions of a type's sizes from one of them on.
///
/// This is a value and no closure: the optimizer made a copy of every function for each way in which closures can be nested, which took two
/// of the five minutes of a release build.
private struct SizeExpressions {
  let plan: DeclarationPlan
  /// The type's place among those of the plan.
  let place: Int
  let first: Int

  subscript(number: Int) -> String { plan.expression(first + number, in: place) }

  func dropFirst(_ count: Int) -> SizeExpressions { SizeExpressions(plan: plan, place: place, first: first + count) }
}

extension DeclaredTypes.DeclaredType {
  fileprivate var members: [DeclaredTypes.Member] {
    if case .members(let members) = body { members } else { [] }
  }

  /// Whether all that the module has are numbered modules.
  fileprivate var isList: Bool {
    guard !members.isEmpty else { return false }
    return members.allSatisfy { member in
      switch member {
      case .tensor: false
      case .module(let component, _): component.index != nil
      case .array(let list, _, _): list == nil
      }
    }
  }
}

extension DeclaredLayer {
  /// The class of MLXNN.
  fileprivate var mlxName: String {
    switch kind {
    case .convolution(let dimensions, let isTransposed):
      "MLXNN.Conv" + (isTransposed ? "Transposed" : "") + "\(dimensions)d"
    case .linear: "MLXNN.Linear"
    case .embedding: "MLXNN.Embedding"
    case .batchNorm: "MLXNN.BatchNorm"
    case .layerNorm: hasBias ? "MLXNN.LayerNorm" : "MLXNN.RMSNorm"
    }
  }

  fileprivate func mlxCall(_ sizes: SizeExpressions) -> String {
    let bias = hasBias ? "" : ", bias: false"
    switch kind {
    case .convolution(let dimensions, let isTransposed):
      let kernel = (2..<2 + dimensions).map { sizes[$0] }.joined(separator: ", ")
      let (inputs, outputs) = isTransposed ? (sizes[0], sizes[1]) : (sizes[1], sizes[0])
      return
        "\(mlxName)(inputChannels: \(inputs), outputChannels: \(outputs), kernelSize: "
        + (dimensions == 1 ? kernel : "[\(kernel)]") + "\(bias))"
    case .linear: return "\(mlxName)(\(sizes[1]), \(sizes[0])\(bias))"
    case .embedding: return "\(mlxName)(embeddingCount: \(sizes[0]), dimensions: \(sizes[1]))"
    case .batchNorm: return "\(mlxName)(featureCount: \(sizes[0])\(hasWeight ? "" : ", affine: false"))"
    case .layerNorm: return "\(mlxName)(dimensions: \(sizes[0]))"
    }
  }
}
