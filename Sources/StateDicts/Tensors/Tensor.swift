/// A tensor of a state dict: a type, a shape, and the place of its elements in a storage. Nothing is read until asked for.
///
///     let w = weights["conv1.weight"]
///     w.shape, w.strides, w.elementType, w.byteCount
///     let values = try [Float](w)                  // converted, in C order
///     try w.withUnsafeBytes { bytes in … }         // C order, little-endian; in place where they already lie so
///
/// Layouts are torch's: a convolution's weight is [out, in / groups, height, width].
public struct Tensor: Sendable {
  /// The type of the elements.
  public let elementType: ElementType
  /// Where the elements lie in the storage.
  public let geometry: TensorGeometry
  /// The bytes that this tensor is a view of.
  public let storage: Storage
  /// Whether torch was to compute gradients for it.
  public let requiresGrad: Bool
  /// What torch does to each element before it is seen: its conj and neg bits.
  package let pendingOperations: PendingOperations
  /// How the tensor is put together, where it is more than a strided view: quantized, sparse, nested …
  public let composition: Composition?

  /// Views that torch resolves lazily; the arithmetic is on sign bits and loses nothing.
  package struct PendingOperations: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The imaginary parts change their sign.
    package static let conjugate = Self(rawValue: 1)
    /// Every part changes its sign.
    package static let negate = Self(rawValue: 2)
  }

  package init(
    elementType: ElementType, geometry: TensorGeometry, storage: Storage, requiresGrad: Bool = false,
    pendingOperations: PendingOperations = [], composition: Composition? = nil
  ) {
    self.elementType = elementType
    self.geometry = geometry
    self.storage = storage
    self.requiresGrad = requiresGrad
    self.pendingOperations = pendingOperations
    self.composition = composition
  }

  /// The same tensor with `requiresGrad` as given.
  package func requiringGrad(_ requiresGrad: Bool) -> Tensor {
    Tensor(
      elementType: elementType, geometry: geometry, storage: storage, requiresGrad: requiresGrad,
      pendingOperations: pendingOperations, composition: composition)
  }

  /// The size of each dimension.
  public var shape: [Int] { geometry.shape }
  /// How many elements apart two neighbours of a dimension lie.
  public var strides: [Int] { geometry.strides }
  /// How many elements there are.
  public var elementCount: Int { geometry.elementCount }
  /// How many bytes the elements take in C order.
  public var byteCount: Int { geometry.elementCount * elementType.byteCount }

  /// Whether the bytes can be used where they lie: in C order, little-endian, no sign to be changed.
  public var isInPlace: Bool {
    geometry.isContiguous && pendingOperations.isEmpty
      && (storage.byteOrder == .little || elementType.swapByteCount == 1)
  }

  /// Where a tensor in place lies in its storage, in bytes.
  package var byteRange: Range<Int> {
    let start = geometry.offset * elementType.byteCount
    return elementCount == 0 ? 0..<0 : start..<start + byteCount
  }

  /// What makes two tensors one; nil for an empty tensor, which shares nothing.
  package var tie: Tie? {
    elementCount == 0 || composition != nil
      ? nil
      : Tie(
        storage: ObjectIdentifier(storage), elementType: elementType, shape: shape, strides: strides,
        offset: geometry.offset, operations: pendingOperations.rawValue)
  }

  package struct Tie: Hashable {
    let storage: ObjectIdentifier
    let elementType: ElementType
    let shape: [Int]
    let strides: [Int]
    let offset: Int
    let operations: UInt8
  }
}

extension Tensor: CustomStringConvertible {
  /// Type and shape: `float32 [64, 3, 7, 7]`.
  public var description: String { "\(elementType) \(shape)" }
}
