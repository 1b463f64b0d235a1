extension StateDict {
  /// A replacement for an element: name, tensor, and the position of the element it was made from.
  public typealias Replacement = (name: String, tensor: Tensor, position: Int)

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
