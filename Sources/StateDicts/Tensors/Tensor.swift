/// A tensor: dtype, shape, and the position of its elements in a storage.
///
/// Bytes are read when they are used.
///
///     let w = weights["conv1.weight"]
///     w.shape, w.strides, w.elementType, w.byteCount
///     let values = try [Float](w)                  // converted, in C order
///     try w.withUnsafeBytes { bytes in … }         // C order, little-endian; in place where they already lie so
///
/// Layouts are torch's: a convolution's weight is [out, in / groups, height, width].
public struct Tensor: Sendable {
  /// The dtype of the elements.
  public let elementType: ElementType
  /// The position of the elements in the storage.
  public let geometry: TensorGeometry
  /// The storage that this tensor is a view of.
  public let storage: Storage
  /// torch's `requires_grad`.
  public let requiresGrad: Bool
  /// What torch does to each element before it is seen: its conj and neg bits.
  package let pendingOperations: PendingOperations
  /// The components of a tensor that is more than a strided view: quantized, sparse, nested and others.
  public var composition: Composition? { boxedComposition?.value }
  private let boxedComposition: Boxed<Composition>?

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
    boxedComposition = composition.map(Boxed.init)
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
  /// The distance of neighbours in each dimension, in elements.
  public var strides: [Int] { geometry.strides }
  /// The number of elements.
  public var elementCount: Int { geometry.elementCount }
  /// The size of the elements in C order in bytes; 0 for a tensor without elements of its own.
  public var byteCount: Int {
    if let composition {
      guard composition.hasElements else { return 0 }
      let packing = elementType.elementsPerByte
      if packing > 1 { return (geometry.elementCount + packing - 1) / packing }
    }
    return geometry.elementCount * elementType.byteCount
  }

  /// Whether the bytes can be used in place: in C order, little-endian, with no sign to change.
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
  /// dtype and shape: `float32 [64, 3, 7, 7]`.
  public var description: String { "\(elementType) \(shape)" }
}
