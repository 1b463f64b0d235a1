import StateDicts

/// The modules that the names of tensors make.
struct ModuleTree {
  struct Module {
    /// The last component of its path; empty at the top.
    let component: ExactName
    /// The whole path, for comments.
    let path: String
    var tensors: [DeclaredTensor] = []
    var children: [Int] = []
  }

  /// The top first.
  private(set) var modules = [Module(component: ExactName(""), path: "")]

  /// Names of more components than this are one component: no source is nested deeper.
  private static let depthLimit = 32

  init(_ specs: [ParameterSpec]) {
    var names = NameTree()
    for spec in specs {
      let components = spec.name.nameComponents
      // A scope's name is never empty, but a tensor may be named anything.
      let isNested = components.count <= Self.depthLimit && !components.contains { $0.text.isEmpty }
      let path = isNested ? components.dropLast() : []
      var place = NameTree.root
      for component in path {
        let before = names.nodeCount
        let next = names.insert(component, below: place)
        if next == before {
          let parent = modules[place].path
          modules[place].children.append(next)
          modules.append(
            Module(component: component, path: parent.isEmpty ? component.text : "\(parent).\(component.text)"))
        }
        place = next
      }
      modules[place].tensors.append(
        DeclaredTensor(
          key: isNested ? components[components.count - 1] : ExactName(spec.name), shape: spec.shape,
          elementType: spec.elementType ?? .float32, role: spec.role))
    }
  }

  /// The indices of a module's children in a list such as `nn.Sequential`, in their order; nil if it is no list.
  func items(of module: Int) -> [(index: Int, module: Int)]? {
    guard modules[module].tensors.isEmpty, !modules[module].children.isEmpty else { return nil }
    var items: [(index: Int, module: Int)] = []
    for child in modules[module].children {
      guard let index = modules[child].component.index else { return nil }
      items.append((index, child))
    }
    return items.sorted { $0.index < $1.index }
  }
}

extension ExactName {
  /// The number that the component is, written as Swift writes it.
  var index: Int? { Int(text).flatMap { "\($0)" == text && $0 >= 0 ? $0 : nil } }
}
