extension StateDict {
  /// Returns one state dict with the tensors of several, in their order.
  ///
  ///     try StateDict.merging([backbone, head]).write(toPath: "model.pth")
  ///
  /// Tensors that are tied within one of them stay tied. Metadata is joined: of an entry that several have with different
  /// values, the first is kept, and the report of `write` lists the others.
  ///
  /// - Parameter parts: The state dicts; messages call them by their sources.
  /// - Throws: `nameCollision`, with the names that two of them have and the files that these are from.
  public static func merging(_ parts: [StateDict]) throws(CheckpointError) -> StateDict {
    try merging(parts, from: parts.enumerated().map { $1.metadata.source?.name ?? "state dict \($0)" })
  }

  /// Returns the tensors of this state dict followed by those of another, with the metadata of both.
  ///
  /// - Throws: `nameCollision` if both have a tensor with the same name.
  public func merging(_ other: StateDict) throws(CheckpointError) -> StateDict { try StateDict.merging([self, other]) }

  /// - Parameter files: What messages call the state dicts.
  package static func merging(_ parts: [StateDict], from files: [String]) throws(CheckpointError) -> StateDict {
    var placeOfName: [ExactName: Int] = [:]
    var collisions: [String] = []
    var common: (name: String, file: String)?
    for (place, part) in parts.enumerated() {
      for name in part.names {
        if let first = placeOfName.updateValue(place, forKey: ExactName(name)) {
          common = common ?? (name, files[first])
          collisions.append("\(name): in \(files[first]) and \(files[place])")
        }
      }
    }
    if let common {
      throw CheckpointError(
        .nameCollision, "\(collisions.count) tensor names are in more than one input:",
        details: collisions.prefix(10) + (collisions.count > 10 ? ["… and \(collisions.count - 10) more"] : []),
        remedy:
          "leave them out of one of the two first (pth2swt convert --drop '\(common.name)' \(common.file) PART), or rename them (--rename)"
      )
    }
    return try StateDict(
      parts.lazy.flatMap { $0 }, originalNames: parts.flatMap(\.originalNames),
      metadata: Metadata(merging: parts.map(\.metadata), from: files))
  }
}

extension StateDict.Metadata {
  fileprivate init(merging parts: [StateDict.Metadata], from files: [String]) {
    self.init()
    source = Self.source(parts.compactMap(\.source))
    let places = parts.compactMap(\.place)
    if let first = places.first, places.allSatisfy({ $0 == first }) { place = first }
    for (part, file) in zip(parts, files) {
      modules = join(modules, part.modules, "_metadata of ", file)
      otherValues = join(otherValues, part.otherValues, "", file)
      for (name, value) in part.annotations {
        // Lists of tensors' names are joined.
        if let known = annotations[name]?.arrayValue, let more = value.arrayValue {
          annotations[name] = .array(known + more)
        } else {
          annotations = join(annotations, [name: value], "", file)
        }
      }
      compositions = compositions + part.compositions
      notKept += part.notKept
      leftOut += part.leftOut.map { LeftOut("\(file): \($0.name)", reason: $0.reason) }
      leftOutBefore += part.leftOutBefore
    }
  }

  /// The members of both; of two values under one name the first.
  private mutating func join(
    _ known: JSONObject, _ more: JSONObject, _ prefix: String, _ file: String
  ) -> JSONObject {
    let values = Dictionary(known.map { (ExactName($0.name), $0.value) }, uniquingKeysWith: { first, _ in first })
    var result = known
    for member in more {
      guard let value = values[ExactName(member.name)] else {
        result.append(member.name, member.value)
        continue
      }
      guard value != member.value else { continue }
      notKept.append(
        LeftOut("\(file): \(prefix)\(member.name)", reason: "another input has this name with another value"))
    }
    return result
  }

  private static func source(_ sources: [Provenance]) -> Provenance? {
    guard sources.count > 1 else { return sources.first }
    return Provenance(
      name: sources.map(\.name).joined(separator: ", "),
      byteCount: sources.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue }, format: .merged,
      marks: ["inputs": .array(sources.map(\.json))])
  }
}
