import StateDicts

extension Match {
  /// Puts the unexpected names into torch's order: module by module, each before its children; within a module they
  /// stay in the state dict's.
  mutating func orderUnexpected() {
    guard unexpected.count > 1 else { return }
    // Modules are inserted in the order in which torch comes upon them, so that a node's number is the module's rank.
    var modules = NameTree()
    for spec in registry.specs { modules.insert(spec.name.moduleComponents) }
    var ranked: [(rank: Int, place: Int, name: String)] = []
    for (place, source) in unexpected.enumerated() {
      let known = modules.nodes(along: nameInModel(source).moduleComponents, work: &work)
      ranked.append((known.last ?? NameTree.root, place, source))
    }
    unexpected = ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.name)
  }

  /// The name under which a name of the state dict was looked for.
  private func nameInModel(_ source: String) -> String {
    let renamed = options.renaming.apply(to: source)
    return prefix.flatMap { $0.isStripped ? $0.stripping(renamed) : nil } ?? renamed
  }
}
