extension StateDict {
  /// The metadata of a state dict.
  ///
  /// A state dict that is derived from another (`filter`, `mapNames`, `replacingElements`) keeps its metadata, with
  /// names changed like those of the tensors.
  public struct Metadata: Sendable {
    /// The file that the tensors come from; nil if they were made in memory.
    public var source: Provenance?
    /// torch's `_metadata`: the layout version of each module path, and other entries.
    public var modules: [JSONValue.Member] = []
    /// Other values in the checkpoint, such as an epoch or hyperparameters, as JSON.
    ///
    /// Values that JSON does not have are tagged, `{"$tuple": [1, 2]}`; docs/formats/swt.md lists the tags.
    public var otherValues: [JSONValue.Member] = []
    /// Where the state dict was among them; nil if it has no place, or each tensor has its own (`$tensor`).
    package var place: StateDictPlace?
    /// Annotations of a `.swt` file, such as the name of its model and the frozen parameters.
    public var annotations: [JSONValue.Member] = []
    /// For each tensor that `decomposed()` replaced by components: kind, dtype, shape and attributes.
    public var compositions: [JSONValue.Member] = []
    /// The tensors left out so far, by their names in the file.
    public var leftOut: [LeftOut] = []
    /// The tensors that earlier conversions left out, according to the metadata of the file.
    public var leftOutBefore: [LeftOut] = []
    /// Values that were left out so far, such as one of two that merged files have under one name.
    package var notKept: [LeftOut] = []

    /// Creates empty metadata.
    public init() {}
  }
}

// MARK: - Names

extension StateDict.Metadata {
  /// The annotations that are lists of tensors' names.
  private static let nameLists: Set<String> = ["buffers", "ignored", "frozen"]

  /// Whether something in it names tensors.
  var namesTensors: Bool {
    !compositions.isEmpty || annotations.contains { Self.nameLists.contains($0.name) }
  }

  /// Returns the metadata with names changed.
  ///
  /// - Parameter rename: Returns the new name of anything but a tensor: a module (with a trailing dot) or a
  ///   composition.
  /// - Parameter tensorNames: Returns the new names of a tensor: none if it was left out, several if it was replaced by
  ///   its components; nil if the name is not that of a tensor.
  func renamed(_ rename: (String) -> String, tensorNames: (String) -> [String]?) -> StateDict.Metadata {
    var result = self
    result.modules = modules(renamedBy: rename)
    result.annotations = annotations.map { annotation in
      guard Self.nameLists.contains(annotation.name), case .array(let items) = annotation.value else {
        return annotation
      }
      let renamed = items.flatMap { item -> [JSONValue] in
        guard case .string(let name) = item else { return [item] }
        return (tensorNames(name) ?? [rename(name)]).map(JSONValue.string)
      }
      return JSONValue.Member(annotation.name, .array(renamed))
    }
    result.compositions = compositions.compactMap { composition in
      guard case .object(let members) = composition.value else { return composition }
      var isWhole = true
      let renamed = members.map { member -> JSONValue.Member in
        guard member.name == "components", case .object(let parts) = member.value else { return member }
        let named = parts.map { part -> JSONValue.Member in
          guard case .string(let name) = part.value else { return part }
          let names = tensorNames(name)
          if names?.isEmpty == true { isWhole = false }
          return JSONValue.Member(part.name, .string(names?.count == 1 ? names?[0] ?? name : rename(name)))
        }
        return JSONValue.Member(member.name, .object(named))
      }
      // A composition of which a component was left out cannot be put together any more.
      return isWhole ? JSONValue.Member(rename(composition.name), .object(renamed)) : nil
    }
    return result
  }

  /// The modules under the paths that a renaming of tensors gives them.
  ///
  /// Where two become one (`""` of DataParallel and `module` of the model inside), the one that was renamed is kept: it
  /// is the module whose tensors these are.
  package func modules(renamedBy rename: (String) -> String) -> [JSONValue.Member] {
    var places = [ExactName: Int](minimumCapacity: modules.count)
    var result: [JSONValue.Member] = []
    for module in modules {
      let path = Self.path(module.name, renamedBy: rename)
      guard let place = places[ExactName(path)] else {
        places[ExactName(path)] = result.count
        result.append(JSONValue.Member(path, module.value))
        continue
      }
      if path != module.name { result[place] = JSONValue.Member(path, module.value) }
    }
    return result
  }

  /// What a module's path becomes: as the names under it do.
  private static func path(_ path: String, renamedBy rename: (String) -> String) -> String {
    let name = rename(path.isEmpty ? "" : path + ".")
    if name.isEmpty { return "" }
    return name.hasSuffix(".") ? String(name.dropLast()) : path
  }
}
