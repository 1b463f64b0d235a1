/// The order in which torch comes upon names that a model has not: module by module, each before its children.
struct ModuleOrder {
  private var ranks: [Substring: Int] = ["": 0]

  init(_ registry: ParameterRegistry) {
    for spec in registry.specs {
      for module in spec.name.modules where ranks[module] == nil { ranks[module] = ranks.count }
    }
  }

  /// The rank of the innermost module that a name lies in.
  func rank(of name: String) -> Int { name.modules.reversed().lazy.compactMap { ranks[$0] }.first ?? 0 }
}

extension String {
  /// The paths of the modules that a name lies in, outermost first: `a` and `a.b` of `a.b.weight`.
  fileprivate var modules: [Substring] {
    utf8.indices.filter { utf8[$0] == UInt8(ascii: ".") }.map { self[..<$0] }
  }
}
