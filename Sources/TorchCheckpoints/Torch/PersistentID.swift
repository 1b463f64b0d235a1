import StateDicts

/// What one persistent id of a pickle says: torch names storages by them, its old formats also classes and tensors.
///
///     ('storage', <class torch.FloatStorage>, '0', 'cpu', 4)             class, key, location, elements
///     ('storage', <class torch.FloatStorage>, '94…', 'cpu', 10, ('95…', 2, 6))      and the part of it that is meant
///     ('module', <class train.Net>, 'train.py', 'class Net…')            a class with its source text
///     '93000001'                                                         a tensor, in a tar file
///
/// Source: `persistent_id` and `persistent_load` in `torch/serialization.py`.
enum PersistentID: Sendable {
  case storage(StorageDeclaration)
  case sourcedClass(SourcedClass)
  case tensor(key: String)

  /// A class that stands with the text it was defined by, as torch wrote whole modules up to version 1.5.
  struct SourcedClass: Sendable {
    let id: Pickle.ID
    let file: Pickle.ID
    let text: Pickle.ID
  }

  /// - Throws: `malformedTensor` for an id that is not torch's.
  init(_ pickle: Pickle, _ meanings: [GlobalMeaning], _ id: Pickle.ID) throws(CheckpointError) {
    if let key = pickle.text(at: id) {
      self = .tensor(key: key)
      return
    }
    guard case .tuple(let start, let count) = pickle[id] else {
      throw CheckpointError.malformedTensor("A persistent id is neither a tuple nor a string.")
    }
    let parts = pickle.items[start..<start + Int(count)]
    if parts.count >= 5, pickle.text(at: parts[start]) == "storage" {
      self = try .storage(StorageDeclaration(pickle, meanings, parts))
    } else if parts.count >= 4, pickle.text(at: parts[start]) == "module" {
      self = .sourcedClass(SourcedClass(id: parts[start + 1], file: parts[start + 2], text: parts[start + 3]))
    } else if parts.count == 3, pickle.global(at: parts[start]) != nil {
      self = .sourcedClass(SourcedClass(id: parts[start], file: parts[start + 1], text: parts[start + 2]))
    } else {
      throw CheckpointError.malformedTensor("A persistent id does not name a storage.")
    }
  }
}
