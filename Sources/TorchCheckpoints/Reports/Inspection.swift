public import StateDicts

/// What is in a checkpoint, as a report.
public struct Inspection: Sendable, Encodable {
  /// A tensor of the report.
  public struct Row: Sendable, Encodable {
    /// The path to it.
    public let name: String
    /// Its element type.
    public let dtype: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// The bytes of its elements.
    public let bytes: Int
    /// What kind of tensor it is, where it is more than a strided view.
    public let kind: Composition.Kind?
    /// The plain tensors that make it, where it is more than a strided view.
    public let components: [Component]?
    /// What else it takes to put it together: `scale`, `zero_point`, `axis`.
    public let attributes: JSONValue?
    /// What it is in the module that holds it, if one does.
    public let role: NamedTensor.Role?
    /// The device that it was on, if not the CPU.
    public let device: String?
    /// The SHA-256 of its contiguous little-endian bytes in C order, if it was asked for.
    public let sha256: String?
  }

  /// A plain tensor of those that make one of the report.
  public struct Component: Sendable, Encodable {
    /// What it is to the whole: `scales`, `indices`.
    public let name: String
    /// Its element type.
    public let dtype: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// The SHA-256 of its bytes, if hashes were asked for.
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

  /// The tensors of one element type.
  public struct TypeTotal: Sendable, Encodable {
    /// The type.
    public let dtype: ElementType
    /// How many tensors have it.
    public let tensors: Int
    /// The bytes of their elements, ties counted once.
    public let bytes: Int
  }

  /// The file, as given by the caller.
  public let file: String
  /// The file's size.
  public let bytes: Int
  /// The container.
  public let format: String
  /// What the format says of itself.
  public let marks: JSONValue
  /// The key of the state dict; nil if it is at the top, or if none or several fit.
  public let stateDict: String?
  /// How many elements there are, ties counted once.
  public let elements: Int
  /// Totals by element type, the largest first.
  public let types: [TypeTotal]
  /// Every tensor, in the order of the file.
  public private(set) var tensors: [Row]
  /// Tensors and arrays that have no type here, each with the reason.
  public let leftOut: [LeftOut]
  /// Groups of names that share one view of one storage.
  public let ties: [[String]]
  /// The globals that the pickle names.
  public let globals: [GlobalUse]
  /// What a reader should know.
  public let notes: [String]
  /// What the storages hold against what the tensors use.
  public let storages: StorageReport
  /// Classes that the file carries the source text of.
  public let sources: [EmbeddedSource]
  /// The other values of the top of the file.
  public let values: JSONValue

  enum CodingKeys: String, CodingKey {
    case file, bytes, format, marks, elements, types, tensors, ties, globals, notes, storages, sources, values
    case stateDict = "state_dict"
    case leftOut = "left_out"
  }

  /// Reports on a checkpoint.
  ///
  /// - Parameter hash: the SHA-256 of a tensor's bytes, which a caller that has a cryptography library gives; it reads
  ///   every byte.
  public init(of checkpoint: Checkpoint, hash: (@Sendable (Tensor) throws -> String)? = nil) throws {
    file = checkpoint.file
    bytes = checkpoint.byteCount
    format = checkpoint.format.rawValue
    marks = .object(checkpoint.marks)
    globals = checkpoint.globals
    values = .object(checkpoint.otherValues)
    stateDict = checkpoint.stateDictKey
    storages = StorageReport(of: checkpoint)
    sources = checkpoint.embeddedSources
    leftOut = checkpoint.leftOut
    var notes = checkpoint.notes + leftOut.map { "\($0.name) was left out: \($0.reason)" }

    let tensors = checkpoint.tensors
    let unhashed = hash == nil ? [] : Inspection.expanded(tensors, limit: checkpoint.options.limits.expandedByteCount)
    let hashes = try hash.map { hash in
      try concurrentMap(tensors.indices, largestFirst: { tensors[$0].tensor.byteCount }) { place -> String? in
        let row = tensors[place]
        guard row.tensor.isHashable, !unhashed.contains(place) else { return nil }
        let text = try hash(row.tensor)
        // A hash of damaged bytes would pass for the tensor's own. Where the tensor is all of its storage, that is done.
        if row.tensor.storage.origin.checksOnUse { try row.tensor.storage.verify(dropping: true) }
        return text
      }
    }
    var rows: [Row] = []
    rows.reserveCapacity(tensors.count)
    for (place, (name, tensor)) in tensors.lazy.map({ ($0.name, $0.tensor) }).enumerated() {
      try rows.append(
        Row(
          name: name, dtype: tensor.elementType, shape: tensor.shape, bytes: tensor.byteCount,
          kind: tensor.composition?.kind,
          components: tensor.composition.flatMap { $0.components.isEmpty ? nil : $0.components }?
            .map { try Component($0, hash: hash) },
          attributes: tensor.composition.flatMap { $0.attributes.isEmpty ? nil : $0.json }, role: tensors[place].role,
          device: tensor.storage.location.flatMap { $0 == "cpu" ? nil : $0 }, sha256: hashes?[place]))
      if unhashed.contains(place) {
        notes.append(
          "\(name) has no hash: it is a view expanded from \(tensor.storage.byteCount) to \(tensor.byteCount) bytes.")
      }
    }
    self.tensors = rows
    notes += Inspection.collisions(tensors).map { "Duplicate tensor name \($0), which cannot be converted." }

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
    self.elements = elements
    types = totals.map { TypeTotal(dtype: $0.key, tensors: $0.value.tensors, bytes: $0.value.bytes) }
      .sorted { ($0.bytes, $0.dtype.rawValue) > ($1.bytes, $1.dtype.rawValue) }
    self.notes = notes
  }

  /// Returns the report with only the tensors whose names match a pattern, in which `*` matches any text.
  public func filtered(by pattern: String) -> Inspection {
    var report = self
    report.tensors = tensors.filter { NamePattern(pattern).matches($0.name) }
    return report
  }

  /// The places of tensors that repeat their storage's bytes beyond what is read for a hash: one by itself, or all so far
  /// together.
  private static func expanded(_ tensors: [NamedTensor], limit: Int) -> Set<Int> {
    var sum = 0
    return Set(
      tensors.indices.filter { place in
        let tensor = tensors[place].tensor
        guard !tensor.isExpandedBeyondLimit, tensor.expandedByteCount <= limit - sum else {
          return tensor.isExpandedBeyondLimit || tensor.expandedByteCount > 0
        }
        sum += tensor.expandedByteCount
        return false
      })
  }

  private static func collisions(_ tensors: [NamedTensor]) -> [String] {
    var seen = Set<ExactName>(minimumCapacity: tensors.count)
    return tensors.map(\.name).filter { !seen.insert(ExactName($0)).inserted }
  }
}

extension Checkpoint {
  /// The key under which the state dict was found; nil at the top, or where none or several fit.
  public var stateDictKey: String? {
    guard case .pickled(let values) = contents.values else { return nil }
    let candidates = StateDictSearch.candidates(in: values)
    return candidates.count == 1 && candidates[0].key != "" ? candidates[0].key : nil
  }

  /// What the top of the file holds beside tensors, as JSON.
  public var otherValues: [JSONValue.Member] {
    switch contents.values {
    case .pickled(let values): values.others(beside: nil)
    case .stateDict(let stateDict): stateDict.metadata.otherValues
    }
  }
}

extension Tensor {
  fileprivate var isHashable: Bool { composition?.hasElements != false && !isExpandedBeyondLimit }
}
