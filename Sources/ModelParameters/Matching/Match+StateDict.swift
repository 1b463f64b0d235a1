public import StateDicts

extension Match {
  /// The state dict as the model would write it: under the model's names and in its order, what is only accepted in its
  /// place, what is left over after all else.
  ///
  /// - Parameter isConverting: Whether elements come in the type that the model computes with; else as they are.
  /// - Throws: `nameCollision` if a left-over name is one of the model's.
  public func arranged(converting isConverting: Bool = false) throws(CheckpointError) -> StateDict {
    var elements: [StateDict.Element] = []
    elements.reserveCapacity(stateDict.count)
    var bound = bound[...]
    var accepted = accepted[...]
    for spec in registry.specs {
      if bound.first?.name == spec.name, let binding = bound.popFirst() {
        elements.append((spec.name, isConverting ? binding.converted : binding.tensor))
      } else if accepted.first?.name == spec.name, let next = accepted.popFirst() {
        elements.append((spec.name, next.tensor))
      }
    }
    for name in unexpected {
      if let tensor = stateDict[name] { elements.append((name, tensor)) }
    }
    var arranged = try StateDict(elements)
    arranged.source = stateDict.source
    arranged.otherValues = stateDict.otherValues
    arranged.annotations = stateDict.annotations
    arranged.moduleMetadata = stateDict.moduleMetadata.map { module in
      let path = options.renaming.apply(toModule: module.name)
      return JSONValue.Member(prefix.flatMap { $0.isStripped ? $0.stripping(path) : nil } ?? path, module.value)
    }
    return arranged
  }
}
