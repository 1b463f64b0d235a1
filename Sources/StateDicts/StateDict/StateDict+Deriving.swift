extension StateDict {
  /// A replacement for an element: name, tensor, and the position of the element it was made from.
  public typealias Replacement = (name: String, tensor: Tensor, position: Int)

  /// An element that is made of others.
  struct Derived {
    let name: String
    let tensor: Tensor
    /// The positions of the elements that it was made from.
    let positions: [Int]
    /// What was done with them; nil if nothing but renaming.
    let change: TensorOrigin.Change?
  }

  /// Returns the elements that satisfy a predicate, with the same metadata.
  ///
  /// - Parameters:
  ///   - reason: The reason for the others in `metadata.leftOut`.
  ///   - isIncluded: Returns whether to keep an element.
  public func filter(
    leavingOut reason: String = "not selected", _ isIncluded: (Element) throws -> Bool
  ) rethrows -> StateDict {
    let kept = try indices.filter { try isIncluded(self[$0]) }
    // Names that differ do so in any selection.
    return (try? replacingElements(with: kept.map { (names[$0], tensors[$0], $0) }, leavingOut: reason)) ?? self
  }

  /// Returns the state dict with tensors renamed, also in the metadata.
  ///
  /// - Parameter rename: Returns the new name. It is called with tensor names, and with module paths with a trailing
  ///   dot.
  /// - Throws: `nameCollision` if two names become equal.
  public func mapNames(_ rename: (String) -> String) throws(CheckpointError) -> StateDict {
    var elements: [Replacement] = []
    elements.reserveCapacity(count)
    for position in indices { elements.append((rename(names[position]), tensors[position], position)) }
    return try replacingElements(with: elements, renaming: rename)
  }

  /// Returns a state dict of other elements with this metadata, in which names are changed like those of the elements.
  ///
  /// - Parameters:
  ///   - elements: The new elements, in order. An element of this state dict may become none, one or several.
  ///   - reason: The reason in `metadata.leftOut` for elements without a replacement.
  ///   - rename: Returns the new form of other names in the metadata: a module path with a trailing dot, or the name of
  ///     a tensor that was decomposed.
  /// - Throws: `nameCollision` if a name occurs twice.
  public func replacingElements(
    with elements: [Replacement], leavingOut reason: String = "not replaced",
    renaming rename: (String) -> String = { $0 }
  ) throws(CheckpointError) -> StateDict {
    try deriving(
      elements.map { Derived(name: $0.name, tensor: $0.tensor, positions: [$0.position], change: nil) },
      leavingOut: reason, renaming: rename)
  }

  /// Returns a state dict of elements that are made of this one's, as `replacingElements` does.
  func deriving(
    _ elements: [Derived], leavingOut reason: String, renaming rename: (String) -> String = { $0 }
  ) throws(CheckpointError) -> StateDict {
    var result = try StateDict(
      elements.lazy.map { ($0.name, $0.tensor) },
      originalNames: elements.map { $0.positions.first.map { originalNames[$0] } ?? $0.name }, metadata: metadata)
    for (place, element) in elements.enumerated() {
      if element.change != nil || element.positions.count > 1 {
        result.changedOrigins[place] = TensorOrigin.joined(element.positions.map(origin(at:))).adding(element.change)
      } else if let origin = element.positions.first.flatMap({ changedOrigins[$0] }) {
        result.changedOrigins[place] = origin
      }
    }
    if metadata.namesTensors {
      var renamed = [ExactName: [String]](minimumCapacity: count)
      // A component with other elements says no more what the composite tensor was.
      var changed = Set<ExactName>()
      for name in names { renamed[ExactName(name)] = [] }
      for element in elements {
        for position in element.positions {
          renamed[ExactName(names[position]), default: []].append(element.name)
          if element.change != nil { changed.insert(ExactName(names[position])) }
        }
      }
      result.metadata = metadata.renamed(rename) {
        renamed[ExactName($0)]
      } isChanged: {
        changed.contains(ExactName($0))
      }
    } else {
      result.metadata.modules = metadata.modules(renamedBy: rename)
    }
    var isKept = [Bool](repeating: false, count: count)
    for element in elements { for position in element.positions { isKept[position] = true } }
    result.metadata.leftOut += indices.lazy.filter { !isKept[$0] }.flatMap { position in
      origin(at: position).names.map { LeftOut($0, reason: reason) }
    }
    return result
  }
}
