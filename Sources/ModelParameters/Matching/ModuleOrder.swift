/// The order in which torch comes upon names that a model has not: module by module, each before its children.
private struct ModuleOrder {
  private var ranks: [Substring: Int] = ["": 0]

  init(_ registry: ParameterRegistry) {
    for spec in registry.specs {
      for module in spec.name.modules where ranks[module] == nil { ranks[module] = ranks.count }
    }
  }

  /// The rank of the innermost module that a name lies in.
  func rank(of name: String) -> Int { name.modules.reversed().lazy.compactMap { ranks[$0] }.first ?? 0 }
}

extension Match {
  /// Puts the unexpected names into torch's order; within a module they stay in the state dict's.
  mutating func orderUnexpected() {
    guard unexpected.count > 1 else { return }
    let order = ModuleOrder(registry)
    let ranked = unexpected.enumerated().map { place, source in
      (rank: order.rank(of: nameInModel(source)), place: place, name: source)
    }
    unexpected = ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.name)
  }

  /// The name under which a name of the state dict was looked for.
  private func nameInModel(_ source: String) -> String {
    let renamed = options.renaming.apply(to: source)
    return prefix.flatMap { $0.isStripped ? $0.stripping(renamed) : nil } ?? renamed
  }
}

extension String {
  /// The paths of the modules that a name lies in, outermost first: `a` and `a.b` of `a.b.weight`.
  fileprivate var modules: [Substring] {
    utf8.indices.filter { utf8[$0] == UInt8(ascii: ".") }.map { self[..<$0] }
  }
}
