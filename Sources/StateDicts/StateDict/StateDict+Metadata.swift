extension StateDict {
  /// What travels with the tensors of a state dict.
  ///
  /// A state dict that is made of another (`filter`, `mapNames`, `replacingElements`) has the metadata of the first, and
  /// the names in it are changed as the tensors' are.
  public struct Metadata: Sendable {
    /// The file that the tensors come from; nil if they were made in memory.
    public var source: Provenance?
    /// Torch's `_metadata`: for each module's path the version of its layout, and what else it keeps.
    public var modules: [JSONValue.Member] = []
    /// What the checkpoint holds beside the tensors, such as an epoch or hyperparameters, as JSON.
    public var otherValues: [JSONValue.Member] = []
    /// What a `.swt` file says of the model that it was written for, such as its name and which parameters are frozen.
    public var annotations: [JSONValue.Member] = []
    /// For each name that `decomposed()` replaced by its components: its kind, type, shape and what else it takes.
    public var compositions: [JSONValue.Member] = []
    /// The tensors that the steps so far left out, by their names in the file that they come from.
    public var leftOut: [LeftOut] = []
    /// The tensors that the file itself lacks, as its metadata says: earlier conversions left them out.
    public var leftOutBefore: [LeftOut] = []

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
  /// - Parameter rename: Returns the new name of anything but a tensor: a module (with a trailing dot) or a composition.
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
  /// Where two become one (`""` of DataParallel and `module` of the model inside), the one that was renamed is kept: it is
  /// the module whose tensors these are.
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
