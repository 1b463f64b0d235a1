public import StateDicts

extension ParameterRegistry {
  /// Holds a state dict against the registry.
  ///
  /// Nothing is read but names, shapes and types.
  /// A name is found under its own name, else under a former one if the state dict's `_metadata` says an older version
  /// of the module's layout, or none.
  ///
  /// - Complexity: O(names of both).
  public func match(_ stateDict: StateDict, options: MatchOptions = MatchOptions()) -> Match {
    let plain = match(stateDict, under: stateDict.names(renamedBy: options.renaming), options: options)
    if plain.isExact { return plain }
    var report = plain
    if let prefix = CommonPrefix.find(in: stateDict.names(renamedBy: options.renaming), for: self) {
      report.prefix = prefix
      let names = stateDict.names(renamedBy: options.renaming).map(prefix.stripping(_:))
      var stripped = match(stateDict, under: names, options: options, prefix: prefix)
      let isWanted =
        switch options.prefix {
        case .ifExact: stripped.isAcceptable
        case .strip: true
        case .keep: false
        }
      if isWanted {
        stripped.prefix = prefix.asStripped
        report = stripped
      }
    }
    report.nearNames = NearNames(report, in: stateDict).found
    return report
  }

  private func match(
    _ stateDict: StateDict, under names: [String], options: MatchOptions, prefix: CommonPrefix? = nil
  ) -> Match {
    var match = Match(registry: self, options: options)
    let candidates = Candidates(stateDict, under: names, prefix: prefix, renaming: options.renaming)
    match.collisions = candidates.collisions
    match.bound.reserveCapacity(specs.count)
    var isClaimed = [Bool](repeating: false, count: names.count)
    for spec in specs {
      guard let (place, name) = candidates.find(spec) else {
        if spec.role == .ignored { continue }
        if let since = spec.since, candidates.isOlder(than: since) {
          match.omitted.append(spec.name)
        } else {
          match.missing.append(spec.name)
        }
        continue
      }
      isClaimed[place] = true
      if spec.role == .ignored {
        match.ignored.append(stateDict.names[place])
        continue
      }
      if name != spec.name || (prefix == nil && stateDict.names[place] != name) {
        match.renamed.append(Match.Renamed(from: stateDict.names[place], to: spec.name))
      }
      match.bind(spec, to: stateDict.tensors[place], from: stateDict.names[place])
    }
    for (place, isClaimed) in isClaimed.enumerated() where !isClaimed && !candidates.isCollided(place) {
      match.unexpected.append(stateDict.names[place])
    }
    return match
  }
}

extension StateDict {
  fileprivate func names(renamedBy map: KeyMap) -> [String] {
    map.renamings.isEmpty ? names : names.map(map.apply(to:))
  }
}

/// The names of a state dict as they are looked for, and the versions that go with them.
private struct Candidates {
  private let places: [String: Int]
  private let versions: [String: Int]
  private let collided: Set<Int>
  let collisions: [Match.Collision]

  init(_ stateDict: StateDict, under names: [String], prefix: CommonPrefix?, renaming: KeyMap) {
    var places = [String: Int](minimumCapacity: names.count)
    var groups: [String: [Int]] = [:]
    for (place, name) in names.enumerated() {
      if let first = places.updateValue(place, forKey: name) { groups[name, default: [first]].append(place) }
    }
    for name in groups.keys { places[name] = nil }
    self.places = places
    collided = Set(groups.values.joined())
    collisions = groups.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }.map { name, places in
      Match.Collision(name: name, from: places.map { stateDict.names[$0] })
    }
    versions = Dictionary(
      stateDict.moduleMetadata.compactMap { module in
        guard case .integer(let version)? = module.value["version"] else { return nil }
        let path = renaming.apply(toModule: module.name)
        return (prefix?.stripping(path) ?? path, version)
      }, uniquingKeysWith: { _, last in last })
  }

  func find(_ spec: ParameterSpec) -> (place: Int, name: String)? {
    if let place = places[spec.name] { return (place, spec.name) }
    for former in spec.formerNames {
      if let place = places[former.name], former.before.map(isOlder(than:)) ?? true { return (place, former.name) }
    }
    return nil
  }

  /// Whether the module's layout is of an older version than this one, or of none.
  func isOlder(than version: LayoutVersion) -> Bool { versions[version.module].map { $0 < version.version } ?? true }

  func isCollided(_ place: Int) -> Bool { collided.contains(place) }
}
