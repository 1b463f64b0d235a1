/// The storages that a `.pth` file is to hold, and which tensor views which.
///
/// Tensors keep their strides, and a storage is written as it lies: views of one storage go on sharing it, a view that
/// repeats its bytes stays as small as it is, and no byte is gathered. Only what no tensor reaches at a storage's ends is
/// left out.
///
/// A storage of a big-endian file is the exception: its tensors are written one by one, with their bytes turned.
struct TorchStorages {
  /// A storage as it is written.
  struct Written {
    let tensor: Tensor
    /// The type by which its elements are counted; nil where its tensors are of several types, or of one that has no
    /// storage class of its own: then it is counted in bytes.
    let elementType: ElementType?
  }

  /// How a tensor views a storage.
  struct View {
    /// The number of the storage: its record is `data/NUMBER`.
    let storage: Int
    let offset: Int
    let strides: [Int]
    /// Whether its conj and neg bits are still to be applied.
    let isPending: Bool
  }

  private struct Extent {
    let storage: Storage
    var range: Range<Int>?
    /// Nil if its tensors are of several types.
    var elementType: ElementType?
    /// Nil until a tensor of it is written: torch computes offsets only if numbers come in the order of the pickle.
    var number: Int?
  }

  /// In the order in which the pickle names them.
  private(set) var written: [Written] = []
  private var extents: [ObjectIdentifier: Extent] = [:]
  /// The storages of tensors that are written one by one.
  private var numberOfTie: [Tensor.Tie: Int] = [:]

  init() {}

  /// - Parameter tensors: All that are to be written.
  /// - Throws: `limitExceeded` for a tensor that must be written out and is expanded beyond memory.
  init(_ tensors: some Sequence<Tensor>) throws(CheckpointError) {
    for tensor in tensors {
      if tensor.mustBeWrittenOut {
        try tensor.requireNoExpansion()
        continue
      }
      let key = ObjectIdentifier(tensor.storage)
      let range = tensor.storageRange
      guard var extent = extents[key] else {
        extents[key] = Extent(storage: tensor.storage, range: range, elementType: tensor.elementType)
        continue
      }
      if extent.elementType != tensor.elementType { extent.elementType = nil }
      if let range {
        let known = extent.range ?? range
        extent.range = min(known.lowerBound, range.lowerBound)..<max(known.upperBound, range.upperBound)
      }
      extents[key] = extent
    }
  }

  /// How a tensor views its storage, which has a number from then on.
  mutating func view(of tensor: Tensor) -> View {
    let key = ObjectIdentifier(tensor.storage)
    guard !tensor.mustBeWrittenOut, let extent = extents[key] else {
      let known = tensor.tie.flatMap { numberOfTie[$0] }
      let number = known ?? add(tensor, tensor.elementType)
      if let tie = tensor.tie { numberOfTie[tie] = number }
      return View(
        storage: number, offset: 0, strides: TensorGeometry.contiguousStrides(tensor.shape), isPending: false)
    }
    let number = extent.number ?? add(Self.bytes(extent), extent.elementType)
    extents[key]?.number = number
    let start = Self.start(extent) / tensor.elementType.byteCount * tensor.elementType.elementsPerByte
    return View(
      storage: number, offset: tensor.elementCount == 0 ? 0 : tensor.geometry.offset - start,
      strides: tensor.strides, isPending: true)
  }

  private mutating func add(_ tensor: Tensor, _ type: ElementType?) -> Int {
    written.append(Written(tensor: tensor, elementType: type?.torchStorageClass == nil ? nil : type))
    return written.count - 1
  }

  /// From a multiple of every element's size, so that all offsets stay whole.
  private static func start(_ extent: Extent) -> Int { (extent.range?.lowerBound ?? 0) / 16 * 16 }

  private static func bytes(_ extent: Extent) -> Tensor {
    let start = start(extent)
    let count = (extent.range?.upperBound ?? start) - start
    return Tensor(
      elementType: .uint8,
      geometry: TensorGeometry(contiguous: [count], elementCount: count).moved(by: count == 0 ? 0 : start),
      storage: extent.storage)
  }
}

extension Tensor {
  /// Whether its bytes cannot be used as they lie in the storage, so that it is written as a storage by itself.
  fileprivate var mustBeWrittenOut: Bool { storage.byteOrder == .big && elementType.swapByteCount > 1 }

  /// The bytes of the storage that the tensor reaches; nil if it has no element.
  fileprivate var storageRange: Range<Int>? {
    guard elementCount > 0 else { return nil }
    if elementType.elementsPerByte > 1 { return byteRange }
    let start = geometry.offset * elementType.byteCount
    return start..<start + extentByteCount
  }

  /// Every tensor that has elements among this one and its components.
  var partsWithElements: [Tensor] {
    guard let composition else { return [self] }
    return (composition.hasElements ? [self] : []) + composition.components.flatMap(\.tensor.partsWithElements)
  }
}

extension ElementType {
  /// The class of torch that counts a storage by elements of this type; nil for the younger types, which have none.
  var torchStorageClass: String? {
    switch self {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    case .complex128: "ComplexDoubleStorage"
    case .complex64: "ComplexFloatStorage"
    case .qint8: "QInt8Storage"
    case .qint32: "QInt32Storage"
    case .quint8: "QUInt8Storage"
    case .quint4x2: "QUInt4x2Storage"
    case .quint2x4: "QUInt2x4Storage"
    default: nil
    }
  }
}
