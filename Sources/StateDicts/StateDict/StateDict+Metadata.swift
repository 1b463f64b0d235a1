extension StateDict {
  /// The metadata of a state dict.
  ///
  /// A state dict that is derived from another (`filter`, `mapNames`, `replacingElements`) keeps its metadata, with
  /// names changed like those of the tensors.
  public struct Metadata: Sendable {
    /// The file that the tensors come from; nil if they were made in memory.
    public var source: Provenance?
    /// torch's `_metadata`: the layout version of each module path, and other entries.
    public var modules: JSONObject = [:]
    /// Other values in the checkpoint, such as an epoch or hyperparameters, as JSON.
    ///
    /// Values that JSON does not have are tagged, `{"$tuple": [1, 2]}`; docs/formats/swt.md lists the tags.
    public var otherValues: JSONObject = [:]
    /// Where the state dict was among them; nil if it has no place, or each tensor has its own (`$tensor`).
    package var place: StateDictPlace?
    /// Annotations of a `.swt` file, such as the name of its model and the frozen parameters.
    public var annotations: JSONObject = [:]
    /// For each tensor that `decomposed()` replaced by components: kind, dtype, shape and attributes.
    public var compositions: JSONObject = [:]
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
  /// - Parameter isChanged: Returns whether a tensor has other elements now.
  func renamed(
    _ rename: (String) -> String, tensorNames: (String) -> [String]?, isChanged: (String) -> Bool
  ) -> StateDict.Metadata {
    var result = self
    result.modules = modules(renamedBy: rename)
    result.annotations = annotations.mapValues { name, value in
      guard Self.nameLists.contains(name), let items = value.arrayValue else { return value }
      // Of tensors that were joined each has the name of all.
      var listed = Set<ExactName>()
      let renamed = items.flatMap { item -> [JSONValue] in
        guard let name = item.stringValue else { return [item] }
        return (tensorNames(name) ?? [rename(name)]).filter { listed.insert(ExactName($0)).inserted }.map(
          JSONValue.string)
      }
      return .array(renamed)
    }
    result.compositions = [:]
    for (name, composition) in compositions {
      var isWhole = true
      let members = composition.objectValue?.mapValues { member, value in
        guard member == "components", let parts = value.objectValue else { return value }
        return .object(
          parts.mapValues { _, part in
            guard let tensor = part.stringValue else { return part }
            let names = tensorNames(tensor)
            if names?.isEmpty == true || isChanged(tensor) { isWhole = false }
            return .string(names?.count == 1 ? names?[0] ?? tensor : rename(tensor))
          })
      }
      // A composition of which a component was left out cannot be put together any more.
      if isWhole { result.compositions.append(rename(name), members.map(JSONValue.object) ?? composition) }
    }
    return result
  }

  /// The modules under the paths that a renaming of tensors gives them.
  ///
  /// Where two become one (`""` of DataParallel and `module` of the model inside), the one that was renamed is kept: it
  /// is the module whose tensors these are.
  package func modules(renamedBy rename: (String) -> String) -> JSONObject {
    var places = [ExactName: Int](minimumCapacity: modules.count)
    var result: [(String, JSONValue)] = []
    for module in modules {
      let path = Self.path(module.name, renamedBy: rename)
      guard let place = places[ExactName(path)] else {
        places[ExactName(path)] = result.count
        result.append((path, module.value))
        continue
      }
      if path != module.name { result[place] = (path, module.value) }
    }
    return JSONObject(result)
  }

  /// What a module's path becomes: as the names under it do.
  private static func path(_ path: String, renamedBy rename: (String) -> String) -> String {
    let name = rename(path.isEmpty ? "" : path + ".")
    if name.isEmpty { return "" }
    return name.hasSuffix(".") ? String(name.dropLast()) : path
  }
}
