package import StateDicts

/// The Swift source of a model whose tensors are known: a `LoadableModel` with a struct for each kind of module.
///
///     let source = SwiftDeclaration(of: registry, named: "UNet")
///     print(source.lines.joined(separator: "\n"))
///
/// Modules of the same structure share a struct, with their sizes as parameters; modules of the same kind that follow each
/// other in a list are an array. Convolutions, linear layers, normalizations and embeddings are recognised by their tensors.
public struct SwiftDeclaration: Sendable {
  /// What the source is written with.
  public enum Form: String, CaseIterable, Sendable {
    /// The scopes of this module.
    case scopes
    /// MLX's `Module`.
    case mlx
  }

  /// The lines of the source.
  public let lines: [String]
  /// The name of the model's type, made of the one that was given.
  public let modelName: String

  /// Writes the source of a model.
  ///
  /// - Parameters:
  ///   - registry: The tensors of the model.
  ///   - name: The name of the model's type.
  ///   - form: What the source is written with.
  ///   - comments: Lines of comment for the beginning.
  public init(
    of registry: ParameterRegistry, named name: String, as form: Form = .scopes, comments: [String] = []
  ) {
    let plan = DeclarationPlan(registry.held, named: name)
    modelName = plan.typeNames[plan.model]
    let source: [String]
    switch form {
    case .scopes:
      var writer = Writer(plan: plan)
      source = writer.source()
    case .mlx: source = MLXWriter(plan: plan).source()
    }
    lines = comments.map { "// " + $0.inComment } + (comments.isEmpty ? [] : [""]) + source
  }

  /// The specifications of a state dict's tensors, with their roles as far as names and dtypes tell them.
  ///
  /// Tensors without elements of their own, and those whose elements share bytes, cannot be declared.
  package static func registry(
    of stateDict: StateDict, roles: (_ position: Int) -> ParameterRole? = { _ in nil }
  ) throws(ParameterError) -> (registry: ParameterRegistry, leftOut: [String]) {
    var specs: [ParameterSpec] = []
    var leftOut: [String] = []
    for (place, (name, tensor)) in stateDict.enumerated() {
      if let kind = tensor.composition?.kind, kind != .meta {
        leftOut.append(name)
        continue
      }
      let key = name.split(separator: ".").last.map(String.init) ?? name
      let isBuffer =
        ["running_mean", "running_var", "num_batches_tracked"].contains(key)
        || !(tensor.elementType.isFloatingPoint || tensor.elementType.isComplex)
      specs.append(
        ParameterSpec(
          name, shape: tensor.shape, elementType: tensor.elementType,
          role: roles(place) ?? (isBuffer ? .buffer : .parameter)))
    }
    return (try ParameterRegistry(specs), leftOut)
  }
}

/// Writes types from the model down, each once, and then the layers that they are made of.
private struct Writer {
  let plan: DeclarationPlan
  private var layers: [DeclaredLayer] = []

  init(plan: DeclarationPlan) {
    self.plan = plan
  }

  mutating func source() -> [String] {
    var lines = ["import ModelParameters", "import StateDicts", ""]
    lines += structure(plan.model, header: ": LoadableModel", arguments: ["_ configuration: Void"])
    lines.removeLast()
    for place in plan.types.indices.reversed() where place != plan.model {
      switch plan.types[place].body {
      case .layer(let layer):
        if !layers.contains(where: { $0.structName == layer.structName }) { layers.append(layer) }
      case .members:
        let arguments = plan.arguments(of: place).map { "\($0.name): Int" }
        lines += [""] + structure(place, header: ": Sendable", arguments: arguments).indented(2)
      }
    }
    for layer in layers { lines += [""] + layer.scopeSource(named: name(of: layer)).indented(2) }
    return lines + ["}"]
  }

  private func name(of layer: DeclaredLayer) -> String {
    plan.types.indices.first { place in
      if case .layer(let other) = plan.types[place].body { other.structName == layer.structName } else { false }
    }.map { plan.typeNames[$0] } ?? layer.structName
  }

  /// The struct of a type.
  private func structure(_ place: Int, header: String, arguments: [String]) -> [String] {
    guard case .members(let members) = plan.types[place].body else { return [] }
    var properties: [String] = []
    var body: [String] = []
    var start = 0
    for (member, property) in zip(members, plan.properties[place]) {
      let sizes = { plan.expression(start + $0, in: place) }
      switch member {
      case .tensor(let key, let rank, let elementType, let role):
        let kind = role == .buffer ? "buffer" : "parameter"
        let list = [key.text.swiftLiteral] + (0..<rank).map(sizes)
        properties.append("let \(property): Tensor")
        body.append("\(property) = scope.\(kind)(\((list + elementType.argument).joined(separator: ", ")))")
      case .module(let component, let type):
        properties.append("let \(property): \(plan.typeNames[type])")
        body.append("\(property) = \(call(type, sizes, in: "scope / \(component.swiftComponent)"))")
      case .array(let list, let items, let type):
        properties.append("let \(property): [\(plan.typeNames[type])]")
        let scope = "scope / " + (list.map { "\($0.swiftComponent) / " } ?? "")
        body += array(property, items, type, sizes, scope)
      }
      start += plan.sizeCount(of: member)
    }
    return plan.comment(on: place) + ["struct \(plan.typeNames[place])\(header) {"] + properties.indented(2) + [""]
      + ["init(\((arguments + ["in scope: ParameterScope"]).joined(separator: ", "))) {"].indented(2)
      + body.indented(4) + ["  }", "}"]
  }

  private func array(
    _ property: String, _ items: DeclaredTypes.Items, _ type: Int, _ sizes: (Int) -> String, _ scope: String
  ) -> [String] {
    switch items {
    case .equal(let first):
      let range = first == 0 ? "(0..<\(sizes(0)))" : "(\(first)..<\(first) + \(sizes(0)))"
      return ["\(property) = \(range).map { \(call(type, { sizes($0 + 1) }, in: scope + "$0")) }"]
    case .scattered(let indices):
      return ["\(property) = \(indices).map { \(call(type, sizes, in: scope + "$0")) }"]
    case .different(let indices):
      let count = plan.types[type].sizeCount
      return ["\(property) = ["]
        + indices.enumerated().map { place, index in
          "  \(call(type, { sizes(place * count + $0) }, in: "\(scope)\(index)")),"
        } + ["]"]
    }
  }

  private func call(_ type: Int, _ sizes: (Int) -> String, in scope: String) -> String {
    var arguments = plan.arguments(of: type).map { "\($0.name): \(sizes($0.size))" }
    if case .layer(let layer) = plan.types[type].body { arguments += layer.flags }
    return "\(plan.typeNames[type])(\((arguments + ["in: \(scope)"]).joined(separator: ", ")))"
  }
}

extension ElementType {
  /// The argument for a dtype other than float32.
  fileprivate var argument: [String] { self == .float32 ? [] : ["as: .\(rawValue)"] }
}

extension ExactName {
  /// The component as Swift source: an index of a list, or a string.
  var swiftComponent: String { index.map(String.init) ?? text.swiftLiteral }
}

extension [String] {
  func indented(_ count: Int) -> [String] { map { $0.isEmpty ? $0 : String(repeating: " ", count: count) + $0 } }
}

extension String {
  /// The string in a comment of one line.
  var inComment: String {
    let literal = shortened.swiftLiteral.dropFirst().dropLast()
    return literal.contains("\\u{") ? String(literal) : shortened
  }
}
