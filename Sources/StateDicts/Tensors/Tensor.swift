/// A tensor of a state dict: a type, a shape, and the place of its elements in a storage.
///
/// Nothing is read until asked for.
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
  /// How the tensor is put together, where it is more than a strided view: quantized, sparse, nested and others.
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

  /// A tensor that is all composition: a type and a shape, and no elements of its own.
  package init(
    _ composition: Composition, elementType: ElementType, geometry: TensorGeometry, origin: StorageOrigin,
    requiresGrad: Bool = false
  ) {
    self.init(
      elementType: elementType, geometry: geometry, storage: origin.emptyStorage, requiresGrad: requiresGrad,
      composition: composition)
  }

  /// Returns the tensor with another composition.
  package func composed(_ composition: Composition) -> Tensor {
    Tensor(
      elementType: elementType, geometry: geometry, storage: storage, requiresGrad: requiresGrad,
      pendingOperations: pendingOperations, composition: composition)
  }

  /// Returns the tensor with another value of `requiresGrad`.
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
  /// How many bytes the elements take in C order; 0 for a tensor without elements of its own.
  public var byteCount: Int {
    if let composition {
      guard composition.hasElements else { return 0 }
      let packing = elementType.elementsPerByte
      if packing > 1 { return (geometry.elementCount + packing - 1) / packing }
    }
    return geometry.elementCount * elementType.byteCount
  }

  /// Whether the bytes can be used where they lie: in C order, little-endian, no sign to be changed.
  public var isInPlace: Bool {
    geometry.isContiguous && pendingOperations.isEmpty
      && (storage.byteOrder == .little || elementType.swapByteCount == 1)
  }

  /// Where a tensor in place lies in its storage, in bytes.
  package var byteRange: Range<Int> {
    let start = geometry.offset * elementType.byteCount / elementType.elementsPerByte
    return elementCount == 0 ? 0..<0 : start..<start + byteCount
  }

  /// What makes two tensors one; nil for a tensor that has neither elements nor components.
  package var tie: Tie? {
    var parts: [Tie] = []
    if let composition, !composition.hasElements {
      // Such a tensor is what its components are; one without any shares nothing.
      parts = composition.components.compactMap(\.tensor.tie)
      guard !parts.isEmpty, parts.count == composition.components.count else { return nil }
    }
    return Tie(
      storage: ObjectIdentifier(storage), elementType: elementType, shape: shape, strides: strides,
      offset: geometry.offset, operations: pendingOperations.rawValue, parts: parts)
  }

  package struct Tie: Hashable {
    let storage: ObjectIdentifier
    let elementType: ElementType
    let shape: [Int]
    let strides: [Int]
    let offset: Int
    let operations: UInt8
    let parts: [Tie]
  }
}

extension Tensor: CustomStringConvertible {
  /// Type and shape: `float32 [64, 3, 7, 7]`.
  public var description: String { "\(elementType) \(shape)" }
}
