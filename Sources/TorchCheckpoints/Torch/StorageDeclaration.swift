import StateDicts

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

  init(
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
