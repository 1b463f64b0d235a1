import StateDicts

/// What the persistent ids of a pickle stand for, by the number of the id.
struct StorageTable: Sendable {
  enum Reference: Sendable {
    case storage(StorageReference)
    case sourcedClass(PersistentID.SourcedClass)
    case tensor(Tensor)
  }

  private let references: [Reference]

  subscript(number: Int) -> Reference { references[number] }

  /// - Throws: `malformedTensor` for an id that is not torch's; what `records` throws.
  init(_ ids: [PersistentID], records: some StorageRecords) throws(CheckpointError) {
    // One key may come with different classes; the storage is as long as the longest of them.
    var keys = NameTable(capacity: ids.count)
    var slotOfID: [Int] = []
    slotOfID.reserveCapacity(ids.count)
    var longest: [StorageDeclaration] = []
    longest.reserveCapacity(ids.count)
    for id in ids {
      guard case .storage(let declaration) = id else {
        slotOfID.append(-1)
        continue
      }
      let (slot, isNew) = keys.insert(declaration.key)
      if isNew {
        longest.append(declaration)
      } else if declaration.byteCount > longest[slot].byteCount {
        longest[slot] = declaration
      }
      slotOfID.append(slot)
    }
    var storages: [Storage] = []
    storages.reserveCapacity(longest.count)
    for declaration in longest {
      try storages.append(
        records.storage(
          key: declaration.key, byteCount: declaration.byteCount, location: declaration.location))
    }
    var references: [Reference] = []
    references.reserveCapacity(ids.count)
    for (id, slot) in zip(ids, slotOfID) {
      switch id {
      case .storage(let declaration): references.append(.storage(Self.reference(storages[slot], declaration)))
      case .sourcedClass(let sourced): references.append(.sourcedClass(sourced))
      case .tensor(let key):
        guard let tensor = records.tensor(key: key) else {
          throw CheckpointError(
            .malformedTensor,
            "A persistent id is a string, in which pickle protocol 0 loses its contents.",
            remedy: "save the file again with pickle_protocol=2")
        }
        references.append(.tensor(tensor))
      }
    }
    self.references = references
  }

  private static func reference(_ storage: Storage, _ declaration: StorageDeclaration) -> StorageReference {
    guard let view = declaration.view else {
      return StorageReference(
        storage: storage, elementType: declaration.elementType, byteCount: declaration.byteCount)
    }
    let width = declaration.elementType.byteCount
    return StorageReference(
      storage: storage, elementType: declaration.elementType, byteOffset: view.offset * width,
      byteCount: view.count * width)
  }
}
