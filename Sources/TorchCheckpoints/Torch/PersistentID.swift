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

/// A storage as one persistent id declares it.
struct StorageDeclaration: Sendable {
  /// A part of a storage, in elements: what old versions of torch called a storage view.
  struct View: Sendable {
    let offset: Int
    let count: Int
  }

  let key: String
  let elementType: ElementType
  /// The device, such as `cpu` or `cuda:0`.
  let location: String
  let byteCount: Int
  let view: View?

  fileprivate init(
    _ pickle: Pickle, _ meanings: [GlobalMeaning], _ parts: ArraySlice<Pickle.ID>
  ) throws(CheckpointError) {
    let start = parts.startIndex
    guard let key = pickle.text(at: parts[start + 2]) ?? pickle.integer(at: parts[start + 2]).map({ String($0) }),
      let elementCount = pickle.integer(at: parts[start + 4])
    else { throw CheckpointError.malformedTensor("A persistent id does not name a storage.") }
    guard case .global(let class_) = pickle[parts[start + 1]], case .storage(let elementType) = meanings[class_] else {
      let name = pickle.global(at: parts[start + 1]).map { "\($0.module).\($0.name)" } ?? "something else"
      throw CheckpointError.malformedTensor("Storage \(key) has an unknown class: \(name).")
    }
    guard elementCount >= 0, let byteCount = elementCount.times(elementType.byteCount) else {
      throw CheckpointError.malformedTensor("Storage \(key) declares \(elementCount) elements.")
    }
    self.key = key
    self.elementType = elementType
    self.byteCount = byteCount
    location = pickle.text(at: parts[start + 3]) ?? "cpu"
    view = parts.count > 5 ? try Self.view(pickle, parts[start + 5], of: elementCount, key) : nil
  }

  private static func view(
    _ pickle: Pickle, _ id: Pickle.ID, of elementCount: Int, _ key: String
  ) throws(CheckpointError) -> View? {
    guard let parts = pickle.sequence(at: id) else { return nil }
    let numbers = parts.dropFirst().compactMap(pickle.integer)
    guard parts.count == 3, numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0,
      numbers[0] <= elementCount, numbers[1] <= elementCount - numbers[0]
    else {
      throw CheckpointError.malformedTensor("A view of storage \(key) exceeds its \(elementCount) elements.")
    }
    return View(offset: numbers[0], count: numbers[1])
  }
}
