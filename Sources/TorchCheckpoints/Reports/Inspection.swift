public import StateDicts

/// A report on the contents of a checkpoint.
public struct Inspection: Sendable, Encodable {
  /// A tensor of the report.
  public struct Row: Sendable, Encodable {
    /// The path of the tensor.
    public let name: String
    /// The dtype.
    public let dtype: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// The size of the elements in bytes.
    public let byteCount: Int
    /// The kind of a tensor that is more than a strided view.
    public let kind: Composition.Kind?
    /// The components of a tensor that is more than a strided view.
    public let components: [Component]?
    /// Values needed to assemble the tensor, such as `scale`, `zero_point` or `axis`.
    public let attributes: JSONObject?
    /// The role of the tensor in its module, if it is in one.
    public let role: NamedTensor.Role?
    /// The device that the tensor was on, if not the CPU.
    public let device: String?
    /// The SHA-256 of the contiguous little-endian bytes in C order, if hashes were requested.
    public let sha256: String?
    /// The statistics of the elements, if they were requested and the tensor has elements.
    public var statistics: TensorStatistics? { boxedStatistics?.value }
    private let boxedStatistics: Boxed<TensorStatistics>?

    fileprivate init(
      _ item: NamedTensor, components: [Component]?, sha256: String?, statistics: Boxed<TensorStatistics>?
    ) {
      let tensor = item.tensor
      name = item.name
      dtype = tensor.elementType
      shape = tensor.shape
      byteCount = tensor.byteCount
      let composition = tensor.composition
      kind = composition?.kind
      self.components = components
      attributes = composition.flatMap { $0.attributes.isEmpty ? nil : $0.json.objectValue }
      role = item.role
      device = tensor.storage.location.flatMap { $0 == "cpu" ? nil : $0 }
      self.sha256 = sha256
      boxedStatistics = statistics
    }

    enum CodingKeys: String, CodingKey {
      case name, dtype, shape, kind, components, attributes, role, device, sha256
      case boxedStatistics = "statistics"
      case byteCount = "bytes"
    }
  }

  /// A component of a tensor in the report.
  public struct Component: Sendable, Encodable {
    /// The role of the component, such as `scales` or `indices`.
    public let name: String
    /// The dtype.
    public let dtype: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// The SHA-256 of the bytes, if hashes were requested.
    public let sha256: String?

    init(_ component: Composition.Component, hash: ((Tensor) throws -> String)?) throws {
      let tensor = component.tensor
      name = component.role
      dtype = tensor.elementType
      shape = tensor.shape
      guard let hash, tensor.isHashable else {
        sha256 = nil
        return
      }
      try tensor.storage.verifyOnUse()
      sha256 = try hash(tensor)
    }
  }

  /// The total for one dtype.
  public struct TypeTotal: Sendable, Encodable {
    /// The type.
    public let dtype: ElementType
    /// The number of tensors.
    public let tensorCount: Int
    /// The size of their elements in bytes, with ties counted once.
    public let byteCount: Int

    enum CodingKeys: String, CodingKey {
      case dtype
      case tensorCount = "tensors"
      case byteCount = "bytes"
    }
  }

  /// The file, as given by the caller.
  public let file: String
  /// The size of the file in bytes.
  public let byteCount: Int
  /// The container format.
  public let format: CheckpointFormat
  /// The format's own metadata.
  public let marks: JSONObject
  /// The key of the state dict; nil if it is at the top level, or if there are none or several.
  public let stateDictKey: String?
  /// The number of elements of all tensors, with ties counted once.
  public let parameterCount: Int
  /// Totals by dtype, the largest first.
  public let types: [TypeTotal]
  /// Every tensor, in the order of the file.
  public private(set) var tensors: [Row]
  /// Tensors and arrays whose elements have no dtype, each with the reason.
  public let leftOut: [LeftOut]
  /// Groups of tied names, which share one view of one storage.
  public let ties: [[String]]
  /// The globals in the pickles.
  public let globals: [GlobalUse]
  /// Notes about the file.
  public let notes: [String]
  /// The use of storages by tensors.
  public let storages: StorageReport
  /// The classes whose source text is in the file.
  public let sources: [EmbeddedSource]
  /// The values at the top level that are not tensors.
  public let otherValues: JSONObject

  enum CodingKeys: String, CodingKey {
    case file, format, marks, types, tensors, ties, globals, notes, storages, sources
    case byteCount = "bytes"
    case parameterCount = "elements"
    case otherValues = "values"
    case stateDictKey = "state_dict"
    case leftOut = "left_out"
  }

  fileprivate init(
    of checkpoint: Checkpoint, statistics: Bool, hash: (@Sendable (Tensor) throws -> String)?,
    progress: @escaping @Sendable (ByteProgress) -> Void
  ) throws {
    file = checkpoint.file
    byteCount = checkpoint.byteCount
    format = checkpoint.format
    marks = checkpoint.marks
    globals = checkpoint.globals
    otherValues = checkpoint.otherValues
    stateDictKey = checkpoint.stateDictKey
    storages = StorageReport(of: checkpoint)
    sources = checkpoint.embeddedSources
    leftOut = checkpoint.leftOut
    var notes = checkpoint.notes + leftOut.map { "\($0.name.shortened) was left out: \($0.reason.shortened)" }

    let tensors = checkpoint.tensors
    let unread = hash == nil && !statistics ? [] : checkpoint.expandedPlaces
    let hashes = try hash.map { hash in
      try concurrentMap(tensors.indices, largestFirst: { tensors[$0].tensor.byteCount }) { place -> String? in
        let row = tensors[place]
        guard row.tensor.isHashable, !unread.contains(place) else { return nil }
        let text = try hash(row.tensor)
        // A hash of damaged bytes would pass for the tensor's own. Where the tensor is all of its storage, that is done.
        if row.tensor.storage.origin.checksOnUse { try row.tensor.storage.verify(dropping: true) }
        return text
      }
    }
    var figures = [Boxed<TensorStatistics>?](repeating: nil, count: tensors.count)
    if statistics {
      try checkpoint.forEachStatistics(except: unread, progress: progress) { figures[$0] = Boxed($1) }
    }
    var rows: [Row] = []
    rows.reserveCapacity(tensors.count)
    for (place, item) in tensors.enumerated() {
      let tensor = item.tensor
      var componentHash: ((Tensor) throws -> String)?
      if let hash, !unread.contains(place) { componentHash = hash }
      let components = try tensor.composition?.components.map { try Component($0, hash: componentHash) } ?? []
      rows.append(
        Row(
          item, components: components.isEmpty ? nil : components, sha256: hashes?[place],
          statistics: figures[place]))
      if unread.contains(place) {
        notes.append(
          "\(item.name.shortened) was not read: it is a view of \(tensor.byteCount) bytes in a storage of "
            + "\(tensor.storage.byteCount), and views repeat too many bytes.")
      }
    }
    self.tensors = rows
    notes += Inspection.collisions(tensors).map { "Duplicate tensor name \($0.shortened), which cannot be converted." }

    let groups = Tensor.tieGroups(tensors.map(\.tensor))
    ties = groups.map { group in group.map { tensors[$0].name } }
    let repeated = Set(groups.flatMap { $0.dropFirst() })
    var totals: [ElementType: (tensors: Int, bytes: Int)] = [:]
    var elements = 0
    for (place, row) in tensors.enumerated() {
      totals[row.tensor.elementType, default: (0, 0)].tensors += 1
      guard !repeated.contains(place) else { continue }
      totals[row.tensor.elementType, default: (0, 0)].bytes &+= row.tensor.byteCount
      elements &+= row.tensor.elementCount
    }
    parameterCount = elements
    types = totals.map { TypeTotal(dtype: $0.key, tensorCount: $0.value.tensors, byteCount: $0.value.bytes) }
      .sorted { ($0.byteCount, $0.dtype.rawValue) > ($1.byteCount, $1.dtype.rawValue) }
    self.notes = notes
  }

  /// Returns the report with only the tensors whose names match a pattern, in which `*` matches any text.
  public func filtered(by pattern: String) -> Inspection {
    var report = self
    report.tensors = tensors.filter { NamePattern(pattern).matches($0.name) }
    return report
  }

  private static func collisions(_ tensors: [NamedTensor]) -> [String] {
    var seen = Set<ExactName>(minimumCapacity: tensors.count)
    return tensors.map(\.name).filter { !seen.insert(ExactName($0)).inserted }
  }
}

extension Checkpoint {
  /// Returns a report on the contents: tensors, ties, globals, storages, other values.
  ///
  /// - Parameters:
  ///   - statistics: Whether to compute the statistics of each tensor, which reads all bytes.
  ///   - hash: Returns the SHA-256 of a tensor; nil for no hashes. It reads all bytes.
  ///   - progress: Called as bytes are read for statistics, from any thread.
  /// - Throws: `checksumMismatch` if all bytes are read and some are damaged, and the errors of `hash`.
  public func inspect(
    statistics: Bool = false, hash: (@Sendable (Tensor) throws -> String)? = nil,
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws -> Inspection {
    try Inspection(of: self, statistics: statistics, hash: hash, progress: progress)
  }

  /// The key of the state dict; nil if it is at the top level, or if there are none or several.
  public var stateDictKey: String? {
    guard case .pickled(let values) = contents.values else { return nil }
    let candidates = StateDictSearch.candidates(in: values)
    return candidates.count == 1 && candidates[0].key != "" ? candidates[0].key : nil
  }

  /// The values at the top level that are not tensors, as JSON.
  public var otherValues: JSONObject {
    switch contents.values {
    case .pickled(let values): values.others(beside: nil)
    case .stateDict(let stateDict): stateDict.metadata.otherValues
    }
  }
}

extension Tensor {
  fileprivate var isHashable: Bool { composition?.hasElements != false && !isExpandedBeyondLimit }
}
