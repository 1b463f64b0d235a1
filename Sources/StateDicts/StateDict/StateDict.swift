/// Named tensors in the order of their file, as torch's `state_dict()`.
///
///     for (name, tensor) in weights { … }
///     weights["conv1.weight"]
///
/// A value: it can be handed from task to task. Tensors are read when their bytes are asked for.
public struct StateDict: Sendable {
  /// A name and its tensor.
  public typealias Element = (name: String, tensor: Tensor)

  /// The names, in order.
  public var names: [String] { table.names }
  /// The tensors, in the order of `names`.
  public let tensors: [Tensor]
  private let table: NameTable

  /// Where the tensors come from; nil if they were made in memory.
  public var source: Provenance?
  /// The `_metadata` of the state dict: for each module's path the version of its layout, and what else it keeps.
  public var moduleMetadata: [JSONValue.Member] = []
  /// What stands beside the tensors in the checkpoint, such as an epoch or hyper-parameters, as JSON.
  public var otherValues: [JSONValue.Member] = []
  /// What was kept of a model when a `.swt` file was written, such as its name and what of it is frozen.
  public var annotations: [JSONValue.Member] = []
  /// For each name that `decomposed()` replaced by its components: its kind, type, shape and what else it takes.
  public var compositions: [JSONValue.Member] = []

  /// Creates a state dict.
  ///
  /// - Throws: `nameCollision` if a name is there twice.
  public init(_ elements: some Sequence<Element>) throws(CheckpointError) {
    var table = NameTable(capacity: elements.underestimatedCount)
    var tensors: [Tensor] = []
    tensors.reserveCapacity(elements.underestimatedCount)
    for (name, tensor) in elements {
      guard table.insert(name).isNew else {
        throw CheckpointError(
          .nameCollision, "Two tensors come out under one name: \(name).",
          remedy: "name the part of the checkpoint that you want (key:, --key)")
      }
      tensors.append(tensor)
    }
    self.table = table
    self.tensors = tensors
  }

  /// The tensor of a name.
  ///
  /// - Complexity: O(1).
  public subscript(name: String) -> Tensor? { table.place(of: name).map { tensors[$0] } }

  /// The names that share one view of one storage, each group in order, the groups in the order of their first names.
  public var ties: [[String]] { tieGroups.map { group in group.map { names[$0] } } }

  /// The same as places in `names`.
  package var tieGroups: [[Int]] { Tensor.tieGroups(tensors) }
}

extension Tensor {
  /// The places of tensors that share one view of one storage, groups of two or more, in order.
  package static func tieGroups(_ tensors: [Tensor]) -> [[Int]] {
    var storages = Set<ObjectIdentifier>(minimumCapacity: tensors.count)
    var shared = Set<ObjectIdentifier>()
    // Most storages have one tensor: only the others need a closer look.
    for tensor in tensors where !storages.insert(ObjectIdentifier(tensor.storage)).inserted {
      shared.insert(ObjectIdentifier(tensor.storage))
    }
    var groups: [[Int]] = []
    var groupOfTie: [Tie: Int] = [:]
    for (place, tensor) in tensors.enumerated() where shared.contains(ObjectIdentifier(tensor.storage)) {
      guard let tie = tensor.tie else { continue }
      if let group = groupOfTie[tie] {
        groups[group].append(place)
      } else {
        groupOfTie[tie] = groups.count
        groups.append([place])
      }
    }
    return groups.filter { $0.count > 1 }
  }
}

extension StateDict: RandomAccessCollection {
  /// The first position.
  public var startIndex: Int { 0 }
  /// One past the last position.
  public var endIndex: Int { names.count }
  /// The name and tensor at a position.
  public subscript(position: Int) -> Element { (names[position], tensors[position]) }
}

/// Where a state dict comes from.
public struct Provenance: Sendable, Equatable {
  /// The file's name, without its folder.
  public var name: String
  /// The file's size.
  public var byteCount: Int
  /// The file's format, such as `torch zip`.
  public var format: String
  /// What the format says of itself, such as torch's record version and serialization id.
  public var marks: [JSONValue.Member]
  /// The file's SHA-256 in hexadecimal, if it was computed.
  public var sha256: String?

  /// Creates a provenance.
  public init(
    name: String, byteCount: Int, format: String, marks: [JSONValue.Member] = [], sha256: String? = nil
  ) {
    self.name = name
    self.byteCount = byteCount
    self.format = format
    self.marks = marks
    self.sha256 = sha256
  }
}
