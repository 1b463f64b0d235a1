import StateDicts

/// The types of a model with their names, and an expression for each size: what the source in any form is written from.
struct DeclarationPlan {
  let types: [DeclaredTypes.DeclaredType]
  let model: Int
  /// The name of each type.
  let typeNames: [String]
  /// The names of each type's properties, one for each member.
  private(set) var properties: [[String]] = []
  /// For each type the names of its parameters, by the first size that they are.
  private(set) var parameters: [[(size: Int, name: String)]] = []
  private var columns: [[DeclaredTypes.DeclaredType.Column]] = []

  init(_ specs: [ParameterSpec], named name: String) {
    let declared = DeclaredTypes(ModuleTree(specs))
    types = declared.types
    model = declared.model
    var names = SwiftNames()
    var typeNames = [String](repeating: "", count: types.count)
    typeNames[model] = names.insert(name, isType: true, ifNumber: "Model")
    // Several types are one struct of a layer, whose flags tell them apart.
    var layerNames: [String: String] = [:]
    for (place, type) in types.enumerated() where place != model {
      switch type.body {
      case .layer(let layer):
        let name = layerNames[layer.structName] ?? names.insert(layer.structName, isType: true)
        layerNames[layer.structName] = name
        typeNames[place] = name
      case .members: typeNames[place] = names.insert(type.word, isType: true, ifNumber: "Layer")
      }
    }
    self.typeNames = typeNames
    columns = types.map(\.columns)
    // Children come before their parents.
    for place in types.indices { nameMembers(of: place) }
  }

  private mutating func nameMembers(of place: Int) {
    guard case .members(let members) = types[place].body else {
      properties.append([])
      parameters.append([])
      return
    }
    var names = SwiftNames()
    let properties = members.map { member in
      switch member {
      case .tensor(let key, _, _, _): names.insert(key.text, ifNumber: "tensor")
      case .module(let component, _): names.insert(component.text)
      case .array(let list, let items, _): names.insert(list?.text ?? "layers\(items.first)")
      }
    }
    self.properties.append(properties)
    var found: [(size: Int, name: String)] = []
    var start = 0
    for (member, property) in zip(members, properties) {
      for (offset, word) in sizeWords(of: member).enumerated()
      where columns[place][start + offset] == .parameter(start + offset) {
        found.append((start + offset, names.insert(property + word.capitalized)))
      }
      start += sizeCount(of: member)
    }
    parameters.append(found)
  }

  /// The number of sizes of a member.
  func sizeCount(of member: DeclaredTypes.Member) -> Int {
    switch member {
    case .tensor(_, let rank, _, _): return rank
    case .module(_, let type): return types[type].sizeCount
    case .array(_, let items, let type):
      switch items {
      case .equal: return 1 + types[type].sizeCount
      case .scattered: return types[type].sizeCount
      case .different(let indices): return indices.count * types[type].sizeCount
      }
    }
  }

  private func sizeWords(of member: DeclaredTypes.Member) -> [String] {
    switch member {
    case .tensor(_, let rank, _, _): return (0..<rank).map { rank == 1 ? "size" : "size\($0)" }
    case .module(_, let type): return sizeWords(of: type)
    case .array(_, let items, let type):
      switch items {
      case .equal: return ["count"] + sizeWords(of: type)
      case .scattered: return sizeWords(of: type)
      case .different(let indices):
        return indices.flatMap { index in sizeWords(of: type).map { "\(index)\($0.capitalized)" } }
      }
    }
  }

  private func sizeWords(of type: Int) -> [String] {
    if case .layer(let layer) = types[type].body { return layer.sizeNames }
    return columns[type].map { column in
      guard case .parameter(let size) = column else { return "size" }
      return parameters[type].first { $0.size == size }?.name ?? "size"
    }
  }

  /// The expression for a size of a type, in its initializer.
  func expression(_ size: Int, in type: Int) -> String {
    switch columns[type][size] {
    case .number(let number): "\(number)"
    case .parameter(let first): parameters[type].first { $0.size == first }?.name ?? ""
    }
  }

  /// The sizes that a type's initializer takes, with their labels.
  func arguments(of type: Int) -> [(size: Int, name: String)] {
    if case .layer(let layer) = types[type].body {
      return Array(layer.sizeNames.enumerated()).map { ($0.offset, $0.element) }
    }
    return parameters[type]
  }

  /// The comment on a type: where the checkpoint has it; nothing for the model itself.
  func comment(on type: Int) -> [String] {
    let paths = types[type].paths
    guard paths != [""] else { return [] }
    let names = paths.prefix(3).map { "`\($0.inComment)`" }
    let rest = paths.count - names.count
    guard names.count > 1 else { return names.map { "/// The module \($0)." } }
    let last = rest > 0 ? "\(rest) more" : names[names.count - 1]
    let others = rest > 0 ? names : names.dropLast()
    return ["/// The modules \(others.joined(separator: ", ")) and \(last)."]
  }
}

extension DeclaredTypes.Items {
  /// The index of the first item.
  var first: Int {
    switch self {
    case .equal(let first): first
    case .scattered(let indices), .different(let indices): indices.first ?? 0
    }
  }
}
