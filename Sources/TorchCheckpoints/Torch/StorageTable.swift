import StateDicts

/// Where the storages of a checkpoint lie: in archive entries, or one after another behind a legacy pickle.
protocol StorageRecords {
  /// The storage of a key.
  ///
  /// - Throws: `missingRecord` where there is none, or less than `byteCount`.
  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage
}

/// A storage as one persistent id names it. The same storage may be named again with another class.
struct StorageReference: Sendable {
  let storage: Storage
  let elementType: ElementType
  /// How much of the storage this id declares: what its tensors may reach.
  let byteCount: Int
}

/// The storages that a pickle's persistent ids name, by the number of the id.
///
///     ('storage', <class torch.FloatStorage>, '0', 'cpu', 4)        class, key, location, elements
///
/// Source: `persistent_id` and `persistent_load` in `torch/serialization.py`.
struct StorageTable: Sendable {
  private let references: [StorageReference]

  subscript(number: Int) -> StorageReference { references[number] }

  /// - Throws: `malformedTensor` for an id that is not torch's; what `records` throws.
  init(_ pickle: Pickle, _ meanings: [GlobalMeaning], records: some StorageRecords) throws(CheckpointError) {
    var declared: [Declaration] = []
    declared.reserveCapacity(pickle.persistentIDs.count)
    // One key may come with different classes; the storage is as long as the longest of them.
    var longest = [String: Int](minimumCapacity: pickle.persistentIDs.count)
    for id in pickle.persistentIDs {
      let declaration = try Declaration(pickle, meanings, id)
      longest[declaration.key, default: 0] = max(longest[declaration.key] ?? 0, declaration.byteCount)
      declared.append(declaration)
    }
    var storages = [String: Storage](minimumCapacity: longest.count)
    var references: [StorageReference] = []
    references.reserveCapacity(declared.count)
    for declaration in declared {
      let storage: Storage
      if let known = storages[declaration.key] {
        storage = known
      } else {
        storage = try records.storage(
          key: declaration.key, byteCount: longest[declaration.key] ?? 0, location: declaration.location)
        storages[declaration.key] = storage
      }
      references.append(
        StorageReference(storage: storage, elementType: declaration.elementType, byteCount: declaration.byteCount))
    }
    self.references = references
  }

  private struct Declaration {
    let key: String
    let elementType: ElementType
    let location: String
    let byteCount: Int

    init(_ pickle: Pickle, _ meanings: [GlobalMeaning], _ id: Pickle.ID) throws(CheckpointError) {
      guard case .tuple(let start, let count) = pickle[id] else {
        throw CheckpointError(
          .malformedTensor, "A persistent id that is no tuple (protocol 0 writes them as text, which loses what they say).",
          remedy: "save the file again with pickle_protocol=2")
      }
      let parts = pickle.items[start..<start + Int(count)]
      guard parts.count >= 5, pickle.text(at: parts[start]) == "storage",
        let key = pickle.text(at: parts[start + 2]), let elementCount = pickle.integer(at: parts[start + 4])
      else { throw CheckpointError(.malformedTensor, "A persistent id that names no storage.") }
      guard case .global(let class_) = pickle[parts[start + 1]], case .storage(let elementType) = meanings[class_] else {
        let name = pickle.global(at: parts[start + 1]).map { "\($0.module).\($0.name)" } ?? "something else"
        throw CheckpointError(.malformedTensor, "Storage \(key) is of a class that is not known: \(name).")
      }
      let (byteCount, overflow) = elementCount.multipliedReportingOverflow(by: elementType.byteCount)
      guard elementCount >= 0, !overflow else {
        throw CheckpointError(.malformedTensor, "Storage \(key) declares \(elementCount) elements.")
      }
      self.key = key
      self.elementType = elementType
      self.byteCount = byteCount
      location = pickle.text(at: parts[start + 3]) ?? "cpu"
    }
  }
}
