/// What of a state dict is written under which name, and what is not.
struct OutputSelection {
  /// A tensor that is written.
  struct Kept {
    let name: String
    let tensor: Tensor
    /// Its place in the state dict.
    let place: Int
  }

  /// A name that stands for a tensor which is written under another.
  struct Alias {
    let name: String
    let kept: String
    let place: Int
    let requiresGrad: Bool
  }

  var kept: [Kept] = []
  var aliases: [Alias] = []
  /// What the steps before left out, and what the format cannot express.
  var leftOut: [LeftOut]
  /// Values that the steps before left out.
  private let notKept: [LeftOut]

  /// - Parameters:
  ///   - reason: Why the format cannot express a tensor; nil if it can.
  ///   - mayAlias: Whether a name can be kept as an alias of another; nil if the format has no aliases.
  /// - Throws: `unsupported`, listing what the format cannot express, unless the options leave it out.
  init(
    _ stateDict: StateDict, _ options: WriteOptions, reason: (StateDict.Element) -> String?,
    mayAlias: ((String) -> Bool)?
  ) throws(CheckpointError) {
    leftOut = stateDict.metadata.leftOut
    notKept = stateDict.metadata.notKept
    let reasons = stateDict.map(reason)
    var keptPlace = [Int: Int]()
    if let mayAlias, !options.expandsTies {
      for group in stateDict.tieGroups {
        // A name that the format cannot express takes none of its ties with it.
        let group = group.filter { reasons[$0] == nil }
        for place in group.dropFirst() where mayAlias(stateDict.names[place]) { keptPlace[place] = group[0] }
      }
    }
    for (place, element) in stateDict.enumerated() {
      if let reason = reasons[place] {
        leftOut.append(LeftOut(stateDict.originalNames[place], reason: reason))
      } else if let kept = keptPlace[place] {
        aliases.append(
          Alias(
            name: element.name, kept: stateDict.names[kept], place: place, requiresGrad: element.tensor.requiresGrad))
      } else {
        kept.append(Kept(name: element.name, tensor: element.tensor, place: place))
      }
    }
    let unsupported = stateDict.indices.filter { reasons[$0] != nil }
    guard unsupported.isEmpty || options.leavesOutUnsupported else {
      throw CheckpointError(
        .unsupported, "The format cannot hold \(unsupported.count) of \(stateDict.count) tensors:",
        details: unsupported.prefix(10).map { "\(stateDict.names[$0]): \(reasons[$0] ?? "")" }
          + (unsupported.count > 10 ? ["… and \(unsupported.count - 10) more"] : []),
        remedy: "leave them out with --skip-unsupported (leavesOutUnsupported: true)")
    }
  }

  /// Requires that views which repeat their storage's bytes do not take more than the options allow.
  ///
  /// - Throws: `limitExceeded`.
  func requireExpansion(within options: WriteOptions) throws(CheckpointError) {
    try RepeatedBytes.require(kept.lazy.map(\.tensor), within: options.expandedByteCount)
  }

  func report(byteCount: Int, notKept: [LeftOut] = []) -> WriteReport {
    var converted = Set<ObjectIdentifier>()
    let casts = kept.compactMap { WriteReport.Cast($0.name, $0.tensor) }.filter {
      converted.insert($0.storage).inserted
    }
    return WriteReport(
      written: kept.map(\.name), aliases: aliases.map { WriteReport.Alias(name: $0.name, kept: $0.kept) },
      leftOut: leftOut, byteCount: byteCount, notKept: self.notKept + notKept, casts: casts)
  }
}
