extension StateDict {
  /// An element in place of another: its name, its tensor, and the position of the one that it was made of.
  public typealias Replacement = (name: String, tensor: Tensor, position: Int)

  /// Returns the elements that satisfy a predicate, with the same metadata.
  ///
  /// - Parameters:
  ///   - reason: Why the others are left out, as `metadata.leftOut` says it.
  ///   - isIncluded: Whether an element is kept.
  public func filter(
    leavingOut reason: String = "not selected", _ isIncluded: (Element) throws -> Bool
  ) rethrows -> StateDict {
    let kept = try indices.filter { try isIncluded(self[$0]) }
    // Names that differ do so in any selection.
    return (try? replacingElements(with: kept.map { (names[$0], tensors[$0], $0) }, leavingOut: reason)) ?? self
  }

  /// Returns the same tensors under other names, with the names in the metadata changed as theirs.
  ///
  /// - Parameter rename: What a name becomes. It is called for tensors' names, and for module paths with a dot at the end.
  /// - Throws: `nameCollision` if two names become one.
  public func mapNames(_ rename: (String) -> String) throws(CheckpointError) -> StateDict {
    var elements: [Replacement] = []
    elements.reserveCapacity(count)
    for position in indices { elements.append((rename(names[position]), tensors[position], position)) }
    return try replacingElements(with: elements, renaming: rename)
  }

  /// Returns other elements with the same metadata, in which names are changed as the elements' are.
  ///
  /// - Parameters:
  ///   - elements: The new elements, in order. An element of this state dict may become none, one or several.
  ///   - reason: Why those that become none are left out, as `metadata.leftOut` says it.
  ///   - rename: What a name in the metadata becomes that is not an element's: a module path with a dot at the end, or
  ///     the name of a tensor that was decomposed.
  /// - Throws: `nameCollision` if a name is there twice.
  public func replacingElements(
    with elements: [Replacement], leavingOut reason: String = "not replaced",
    renaming rename: (String) -> String = { $0 }
  ) throws(CheckpointError) -> StateDict {
    var result = try StateDict(
      elements.lazy.map { ($0.name, $0.tensor) }, originalNames: elements.map { originalNames[$0.position] },
      metadata: metadata)
    if metadata.namesTensors {
      var renamed = [ExactName: [String]](minimumCapacity: count)
      for name in names { renamed[ExactName(name)] = [] }
      for element in elements { renamed[ExactName(names[element.position]), default: []].append(element.name) }
      result.metadata = metadata.renamed(rename) { renamed[ExactName($0)] }
    } else {
      result.metadata.modules = metadata.modules(renamedBy: rename)
    }
    var isKept = [Bool](repeating: false, count: count)
    for element in elements { isKept[element.position] = true }
    result.metadata.leftOut += indices.lazy.filter { !isKept[$0] }.map { LeftOut(originalNames[$0], reason: reason) }
    return result
  }
}
