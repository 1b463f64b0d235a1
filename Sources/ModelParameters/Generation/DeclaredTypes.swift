import StateDicts

/// The types of a model's modules: modules of one structure are one type, whose sizes are parameters where they differ.
///
///     layer1.0   conv1 [64, 64, 1, 1]  conv2 [64, 64, 3, 3]        one type, whose sizes are
///     layer2.1   conv1 [128, 512, 1, 1]  conv2 [128, 128, 3, 3]    64 64 1 1 64 64 3 3 and 128 512 1 1 128 128 3 3
///
/// The columns of these numbers say what the parameters are: a column of one number is that number, and columns that are
/// equal are one parameter.
struct DeclaredTypes {
  /// What a module has, without sizes.
  enum Member: Hashable {
    case tensor(key: ExactName, rank: Int, elementType: ElementType, role: ParameterRole)
    case module(component: ExactName, type: Int)
    /// Modules of one type in a list: of the module itself, or of a child that is all that list.
    case array(list: ExactName?, items: Items, type: Int)
  }

  enum Items: Hashable {
    /// Equal ones from an index on; their number is the first of their sizes.
    case equal(from: Int)
    /// Equal ones at these indices.
    case scattered([Int])
    /// Ones of different sizes at these indices.
    case different([Int])
  }

  enum Body: Hashable {
    case layer(DeclaredLayer)
    case members([Member])
  }

  struct DeclaredType {
    let body: Body
    /// A word for its name.
    let word: String
    var paths: [String] = []
    /// The sizes in each module of the type.
    var instances: [[Int]] = []
  }

  private let tree: ModuleTree
  private(set) var types: [DeclaredType] = []
  private var places: [Body: Int] = [:]
  /// What was found of each module: an item of a list is looked at with its list, and then by itself.
  private var found: [Int: (type: Int, sizes: [Int])] = [:]
  /// The type of the whole model.
  private(set) var model = 0

  init(_ tree: ModuleTree) {
    self.tree = tree
    model = type(of: 0, word: "model").type
  }

  /// Finds or adds the type of a module, and gives the sizes of the module.
  private mutating func type(of place: Int, word: String) -> (type: Int, sizes: [Int]) {
    if let found = found[place] { return found }
    let result = newType(of: place, word: word)
    found[place] = result
    return result
  }

  private mutating func newType(of place: Int, word: String) -> (type: Int, sizes: [Int]) {
    let module = tree.modules[place]
    if place > 0, module.children.isEmpty,
      let (layer, sizes) = DeclaredLayer.recognised(module.tensors, name: module.component.text)
    {
      return (add(.layer(layer), sizes, word, module.path), sizes)
    }
    var members: [Member] = []
    var sizes: [Int] = []
    for tensor in module.tensors {
      members.append(
        .tensor(key: tensor.key, rank: tensor.shape.count, elementType: tensor.elementType, role: tensor.role))
      sizes += tensor.shape
    }
    if let items = tree.items(of: place) {
      for run in runs(items, word: word) { append(run, list: nil, to: &members, &sizes) }
    } else {
      for child in module.children {
        let component = tree.modules[child].component
        if let items = tree.items(of: child) {
          let runs = runs(items, word: component.text)
          if let run = runs.first, runs.count == 1, run.items.count > 1 {
            append(run, list: component, to: &members, &sizes)
            continue
          }
        }
        let found = type(of: child, word: component.index == nil ? component.text : word)
        members.append(.module(component: component, type: found.type))
        sizes += found.sizes
      }
    }
    return (add(.members(members), sizes, word, module.path), sizes)
  }

  private struct Run {
    let type: Int
    var items: [(index: Int, sizes: [Int])]
  }

  /// Items of a list, those of one type that follow each other together.
  private mutating func runs(_ items: [(index: Int, module: Int)], word: String) -> [Run] {
    var runs: [Run] = []
    for item in items {
      let found = type(of: item.module, word: word + "Block")
      if runs.last?.type == found.type {
        runs[runs.count - 1].items.append((item.index, found.sizes))
      } else {
        runs.append(Run(type: found.type, items: [(item.index, found.sizes)]))
      }
    }
    return runs
  }

  private func append(_ run: Run, list: ExactName?, to members: inout [Member], _ sizes: inout [Int]) {
    let indices = run.items.map(\.index)
    guard run.items.count > 1, let first = run.items.first else {
      for item in run.items {
        members.append(.module(component: ExactName("\(item.index)"), type: run.type))
        sizes += item.sizes
      }
      return
    }
    let isContiguous = zip(indices, indices.dropFirst()).allSatisfy { $0 + 1 == $1 }
    if run.items.allSatisfy({ $0.sizes == first.sizes }) {
      members.append(
        .array(list: list, items: isContiguous ? .equal(from: first.index) : .scattered(indices), type: run.type))
      sizes += (isContiguous ? [indices.count] : []) + first.sizes
    } else {
      members.append(.array(list: list, items: .different(indices), type: run.type))
      for item in run.items { sizes += item.sizes }
    }
  }

  private mutating func add(_ body: Body, _ sizes: [Int], _ word: String, _ path: String) -> Int {
    let place = places[body] ?? types.count
    if place == types.count {
      places[body] = place
      types.append(DeclaredType(body: body, word: word))
    }
    types[place].instances.append(sizes)
    types[place].paths.append(path)
    return place
  }
}

extension DeclaredTypes.DeclaredType {
  /// The number of sizes.
  var sizeCount: Int { instances.first?.count ?? 0 }

  /// For each size its number, if it is the same in all modules of the type, or else the first size that it always equals.
  var columns: [Column] {
    if case .layer = body { return (0..<sizeCount).map { .parameter($0) } }
    var firsts: [[Int]: Int] = [:]
    return (0..<sizeCount).map { place in
      let column = instances.map { $0[place] }
      if let number = column.first, column.allSatisfy({ $0 == number }) { return .number(number) }
      let first = firsts[column] ?? place
      firsts[column] = first
      return .parameter(first)
    }
  }

  enum Column: Hashable {
    case number(Int)
    /// The first size of a parameter.
    case parameter(Int)
  }
}
