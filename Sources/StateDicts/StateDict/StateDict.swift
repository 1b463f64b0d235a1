/// Named tensors in order, like torch's `state_dict()`.
///
///     for (name, tensor) in weights { … }
///     weights["conv1.weight"]
///
/// A `Sendable` value. Tensors are read when their bytes are used.
public struct StateDict: Sendable {
  /// A name and its tensor.
  public typealias Element = (name: String, tensor: Tensor)

  /// The names, in order.
  public var names: [String] { table.names }
  /// The tensors, in the order of `names`.
  public let tensors: [Tensor]
  private let table: NameTable

  /// The metadata, which derived state dicts keep.
  public var metadata = Metadata()
  /// The names under which `inspect` lists the tensors in the file that they come from, whatever they are named here.
  package private(set) var originalNames: [String]
  /// Where tensors come from that were changed or joined, by position.
  var changedOrigins: [Int: TensorOrigin] = [:]

  /// Creates a state dict.
  ///
  /// - Throws: `nameCollision` if a name occurs twice.
  public init(_ elements: some Sequence<Element>) throws(CheckpointError) {
    var table = NameTable(capacity: elements.underestimatedCount)
    var tensors: [Tensor] = []
    tensors.reserveCapacity(elements.underestimatedCount)
    for (name, tensor) in elements {
      guard table.insert(name).isNew else {
        throw CheckpointError(
          .nameCollision, "Duplicate tensor name: \(name).",
          remedy: "select a part of the checkpoint with --key (key:)")
      }
      tensors.append(tensor)
    }
    self.table = table
    self.tensors = tensors
    originalNames = table.names
  }

  /// Creates a state dict whose tensors are named otherwise in their file.
  ///
  /// - Throws: `nameCollision` if a name occurs twice.
  package init(_ elements: some Sequence<Element>, originalNames: [String], metadata: Metadata) throws(CheckpointError)
  {
    try self.init(elements)
    self.originalNames = originalNames
    self.metadata = metadata
  }

  /// The tensor with a name, if there is one.
  ///
  /// - Complexity: O(1).
  public subscript(name: String) -> Tensor? { position(of: name).map { tensors[$0] } }

  /// The tensors by their names.
  ///
  /// Two names that Swift considers equal, because they differ only in how an accent is encoded, become one key with the
  /// first tensor.
  public var dictionary: [String: Tensor] {
    Dictionary(zip(names, tensors), uniquingKeysWith: { first, _ in first })
  }

  /// The number of elements of all tensors, parameters and buffers, with ties counted once.
  public var parameterCount: Int {
    let repeated = Set(tieGroups.flatMap { $0.dropFirst() })
    return indices.reduce(0) { repeated.contains($1) ? $0 : $0 &+ tensors[$1].elementCount }
  }

  /// The position of a name.
  package func position(of name: String) -> Int? { table.place(of: name) }

  /// Groups of tied names, which share one view of one storage, in the order of their first names.
  public var ties: [[String]] { tieGroups.map { group in group.map { names[$0] } } }

  /// Groups of tied tensors, as indices into `names`.
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
