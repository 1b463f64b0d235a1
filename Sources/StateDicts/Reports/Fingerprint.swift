/// The names, dtypes, shapes, CRC-32s and ties of a checkpoint's tensors, small enough to commit next to the code.
///
///     let expected = try JSONDecoder().decode(Fingerprint.self, from: Data(contentsOf: fingerprintURL))
///     let changes = try loadStateDict(url: url).fingerprint().changes(since: expected)
///     #expect(changes.isEmpty, "\(changes)")
///
/// The CRC covers the bytes in C order, little-endian, however the file stores them: a `.pth` and the `.swt` made from
/// it have the same fingerprint.
public struct Fingerprint: Codable, Equatable, Sendable {
  /// One tensor.
  public struct Tensor: Codable, Equatable, Sendable {
    /// Its name in the state dict.
    public let name: String
    /// The type of its elements.
    public let dtype: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// The CRC-32 as eight hexadecimal digits; nil for a tensor that has neither elements nor components (meta).
    ///
    /// For a composite tensor (quantized, sparse, nested), the CRC also covers the shapes and CRCs of its components,
    /// and its attributes.
    public let crc32: String?

    /// Whether both are equal, with names compared by their bytes.
    public static func == (left: Self, right: Self) -> Bool {
      ExactName(left.name) == ExactName(right.name) && left.dtype == right.dtype && left.shape == right.shape
        && left.crc32 == right.crc32
    }
  }

  /// The tensors, in the order of the state dict.
  public let tensors: [Tensor]
  /// Groups of tied names, which share one view of one storage.
  public let ties: [[String]]
}

extension StateDict {
  /// Computes the fingerprint, reading every byte on two threads.
  ///
  /// - Parameters:
  ///   - expandedByteCount: The largest number of bytes that expanded and overlapping views may repeat in total (2 GiB), or four
  ///     times the size of the storages if that is more.
  ///   - progress: Called as bytes are read, by any thread.
  /// - Throws: `checksumMismatch` if a storage is damaged, `limitExceeded` for expanded views.
  public func fingerprint(
    expandedByteCount: Int = 2 << 30, progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws -> Fingerprint {
    try RepeatedBytes.require(tensors, within: expandedByteCount)
    let done = ProgressSum(total: tensors.reduce(0) { $0 &+ $1.byteCount }, progress)
    let rows = try concurrentMap(indices, largestFirst: { self[$0].tensor.byteCount }) { place in
      let (name, tensor) = self[place]
      return Fingerprint.Tensor(
        name: name, dtype: tensor.elementType, shape: tensor.shape,
        crc32: try tensor.wholeChecksum { done.add($0, name) }?.hexadecimal)
    }
    return Fingerprint(tensors: rows, ties: ties)
  }
}

extension Tensor {
  /// The checksum of all that a tensor is: its elements, its components, its attributes; nil where it has no bytes.
  ///
  /// - Parameter read: Called with the size of each window.
  func wholeChecksum(_ read: (_ byteCount: Int) -> Void = { _ in }) throws -> Checksum? {
    var sum = Checksum()
    if composition?.hasElements != false {
      try unsafe forEachWindow { window in
        unsafe sum.update(with: window)
        read(window.count)
      }
      // Where the tensor is all of its storage, that is done.
      if storage.origin.checksOnUse { try storage.verify(dropping: true) }
    }
    guard let composition else { return sum }
    guard composition.hasElements || !composition.components.isEmpty else { return nil }
    for component in composition.components {
      guard let part = try component.tensor.wholeChecksum() else { continue }
      sum.update(with: "\(component.role) \(component.tensor) \(part.hexadecimal)")
    }
    for (name, value) in composition.attributes.sorted(by: { $0.key < $1.key }) {
      sum.update(with: "\(name) \(value.text)")
    }
    return sum
  }
}

extension Checksum {
  fileprivate mutating func update(with text: String) {
    var text = text
    text.withUTF8 { bytes in unsafe update(with: UnsafeRawBufferPointer(bytes)) }
  }
}

extension Fingerprint {
  /// A change of one tensor or tie.
  public enum Change: Equatable, Sendable {
    case added(Tensor)
    case removed(Tensor)
    case values(name: String)
    case shape(name: String, from: [Int], to: [Int])
    case dtype(name: String, from: ElementType, to: ElementType)
    /// The order of the tensors changed.
    case order
    case tied([String])
    case untied([String])
  }

  /// Returns the changes since an earlier fingerprint, or an empty array.
  ///
  /// As text, changes read like this:
  ///
  ///     conv1.weight: values changed
  ///     fc.weight: shape [1000, 2048] became [91, 2048]
  ///     fc.bias: removed (float32 [1000])
  public func changes(since earlier: Fingerprint) -> [Change] {
    var changes: [Change] = []
    let before = Dictionary(
      earlier.tensors.map { (ExactName($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    let after = Set(tensors.map { ExactName($0.name) })
    for tensor in tensors {
      guard let old = before[ExactName(tensor.name)] else {
        changes.append(.added(tensor))
        continue
      }
      if old.dtype != tensor.dtype {
        changes.append(.dtype(name: tensor.name, from: old.dtype, to: tensor.dtype))
      }
      if old.shape != tensor.shape {
        changes.append(.shape(name: tensor.name, from: old.shape, to: tensor.shape))
      }
      if old.crc32 != tensor.crc32, old.dtype == tensor.dtype, old.shape == tensor.shape {
        changes.append(.values(name: tensor.name))
      }
    }
    for tensor in earlier.tensors where !after.contains(ExactName(tensor.name)) { changes.append(.removed(tensor)) }
    changes += ties.filter { !earlier.ties.contains($0) }.map(Change.tied)
    changes += earlier.ties.filter { !ties.contains($0) }.map(Change.untied)
    if changes.isEmpty, tensors != earlier.tensors { changes.append(.order) }
    return changes
  }
}

extension Fingerprint.Change: CustomStringConvertible {
  /// The change in a few words.
  public var description: String {
    switch self {
    case .added(let tensor): "\(tensor.name): added (\(tensor.dtype) \(tensor.shape))"
    case .removed(let tensor): "\(tensor.name): removed (\(tensor.dtype) \(tensor.shape))"
    case .values(let name): "\(name): values changed"
    case .shape(let name, let old, let new): "\(name): shape \(old) became \(new)"
    case .dtype(let name, let old, let new): "\(name): \(old) became \(new)"
    case .order: "the order of the tensors changed"
    case .tied(let names): "\(names.joined(separator: ", ")): tied now"
    case .untied(let names): "\(names.joined(separator: ", ")): no longer tied"
    }
  }
}
