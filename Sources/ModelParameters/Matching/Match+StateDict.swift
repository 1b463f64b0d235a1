public import StateDicts

extension Match {
  /// Returns the state dict with the model's names and in its order.
  ///
  /// Ignored tensors are in their places, unexpected ones at the end.
  ///
  /// - Parameter isConverting: Whether to convert tensors to the model's dtypes.
  /// - Throws: `nameCollision` if an unexpected name is one of the model's.
  public func arranged(converting isConverting: Bool = false) throws(CheckpointError) -> StateDict {
    var elements: [StateDict.Replacement] = []
    elements.reserveCapacity(stateDict.count)
    var bound = bound[...]
    var accepted = accepted[...]
    func add(_ name: String, _ tensor: Tensor, from source: String) {
      if let position = stateDict.position(of: source) { elements.append((name, tensor, position)) }
    }
    for spec in registry.specs {
      if bound.first?.name == spec.name, let binding = bound.popFirst() {
        add(spec.name, isConverting ? binding.converted : binding.tensor, from: binding.source)
      } else if accepted.first?.name == spec.name, let next = accepted.popFirst() {
        add(spec.name, next.tensor, from: next.source)
      }
    }
    for name in unexpected {
      if let tensor = stateDict[name] { add(name, tensor, from: name) }
    }
    return try stateDict.replacingElements(
      with: elements, leavingOut: "the model has no such tensor", renaming: modelName(of:))
  }

  /// What a name of the state dict becomes: renamed, and without the prefix if it was stripped.
  private func modelName(of name: String) -> String {
    let name = options.renaming.apply(to: name)
    return prefix.flatMap { $0.isStripped ? $0.stripping(name) : nil } ?? name
  }
}
