/// Views of a tensor, as torch's functions of these names make them.
///
/// A view of a converted tensor is the conversion of a view, and a view of a joined tensor joins views of its chunks: so what
/// is read is a view of the file as far as possible.
extension Tensor {
  /// Returns the tensor with its dimensions in another order.
  package func permuted(_ axes: [Int]) throws(CheckpointError) -> Tensor {
    if axes == Array(axes.indices) { return self }
    if let (tensor, type) = converting { return try tensor.permuted(axes).converted(to: type) }
    if let assembled = assembling {
      return try mapChunks(axes.map { shape[$0] }, of: assembled) { chunk throws(CheckpointError) in
        TensorChunk(offsets: axes.map { chunk.offsets[$0] }, tensor: try chunk.tensor.permuted(axes))
      }
    }
    return viewed(geometry.permuted(axes))
  }

  /// Returns a range of one dimension.
  package func narrowed(_ axis: Int, _ range: Range<Int>) throws(CheckpointError) -> Tensor {
    if range == 0..<shape[axis] { return self }
    if let (tensor, type) = converting { return try tensor.narrowed(axis, range).converted(to: type) }
    if let assembled = assembling {
      var size = shape
      size[axis] = range.count
      return try mapChunks(size, of: assembled) { chunk throws(CheckpointError) in
        let start = chunk.offsets[axis]
        let common = range.clamped(to: start..<start + chunk.tensor.shape[axis])
        guard !common.isEmpty else { return nil }
        var offsets = chunk.offsets
        offsets[axis] = common.lowerBound - range.lowerBound
        return TensorChunk(
          offsets: offsets,
          tensor: try chunk.tensor.narrowed(axis, common.lowerBound - start..<common.upperBound - start))
      }
    }
    return viewed(geometry.narrowed(axis, range))
  }

  /// Returns every `step`th element of one dimension, beginning with the first.
  package func strided(_ axis: Int, by step: Int) throws(CheckpointError) -> Tensor {
    if step == 1 { return self }
    if let (tensor, type) = converting { return try tensor.strided(axis, by: step).converted(to: type) }
    guard assembling != nil else { return viewed(geometry.strided(axis, by: step)) }
    var parts: [Tensor] = []
    for index in stride(from: 0, to: shape[axis], by: step) { try parts.append(narrowed(axis, index..<index + 1)) }
    return parts.isEmpty
      ? self : try Tensor.joined(parts, axis: axis, requiresGrad: requiresGrad, name: storage.key)
  }

  /// Returns the tensor at an index of one dimension, which is removed.
  package func selected(_ axis: Int, _ index: Int) throws(CheckpointError) -> Tensor {
    let part = try narrowed(axis, index..<index + 1)
    var shape = part.shape
    shape.remove(at: axis)
    return try part.reshaped(shape, by: { $0.removing(axis) })
  }

  /// Returns the tensor with a dimension of size 1 added.
  package func unsqueezed(_ axis: Int) throws(CheckpointError) -> Tensor {
    var shape = shape
    shape.insert(1, at: axis)
    return try reshaped(shape, by: { $0.inserting(axis) })
  }

  /// Returns the tensor with another shape of as many elements, in the same C order: a view if strides can express it,
  /// otherwise gathered when it is read.
  package func reshaped(_ target: [Int]) throws(CheckpointError) -> Tensor {
    target == shape ? self : try reshaped(target, by: { $0.reshaped(target) })
  }

  private func reshaped(_ target: [Int], by view: (TensorGeometry) -> TensorGeometry?) throws(CheckpointError) -> Tensor
  {
    if let (tensor, type) = converting { return try tensor.reshaped(target, by: view).converted(to: type) }
    if let geometry = view(geometry) { return viewed(geometry) }
    return gathered(as: target)
  }

  /// Joins tensors of one type along a dimension; their other sizes are equal.
  ///
  /// - Throws: `malformedTensor` beyond 2^63 bytes.
  package static func joined(
    _ tensors: [Tensor], axis: Int, requiresGrad: Bool, name: String
  ) throws(CheckpointError) -> Tensor {
    guard let first = tensors.first, tensors.count > 1 else {
      guard let only = tensors.first else { throw CheckpointError.malformedTensor("\(name) is joined of nothing.") }
      return only.requiringGrad(requiresGrad)
    }
    var shape = first.shape
    shape[axis] = 0
    var chunks: [TensorChunk] = []
    for tensor in tensors {
      var offsets = [Int](repeating: 0, count: shape.count)
      offsets[axis] = shape[axis]
      guard let size = shape[axis].plus(tensor.shape[axis]) else { throw CheckpointError.impossibleSize(name) }
      shape[axis] = size
      if tensor.elementCount > 0 { chunks.append(TensorChunk(offsets: offsets, tensor: tensor)) }
    }
    return try assembled(chunks, shape, first.elementType, like: first.storage, requiresGrad, name)
  }

  /// Returns another view of the same storage.
  func viewed(_ geometry: TensorGeometry) -> Tensor {
    Tensor(
      elementType: elementType, geometry: geometry, storage: storage, requiresGrad: requiresGrad,
      pendingOperations: pendingOperations)
  }

  /// The tensor that this one is all of, converted, with the type that it is converted to.
  private var converting: (Tensor, ElementType)? {
    guard let contents = storage.computedContents as? DerivedElements, contents.cast != nil, !contents.isExact,
      contents.tensor.shape == shape, isInPlace, byteRange == 0..<storage.byteCount
    else { return nil }
    return (contents.tensor, elementType)
  }

  /// The chunks that this tensor is all of.
  private var assembling: AssembledContents? {
    guard let contents = storage.computedContents as? AssembledContents, contents.shape == shape, isInPlace,
      contents.elementType == elementType
    else { return nil }
    return contents
  }

  private func mapChunks(
    _ shape: [Int], of contents: AssembledContents,
    _ transform: (TensorChunk) throws(CheckpointError) -> TensorChunk?
  ) throws(CheckpointError) -> Tensor {
    var chunks: [TensorChunk] = []
    for chunk in contents.chunks { if let changed = try transform(chunk) { chunks.append(changed) } }
    return try Self.assembled(chunks, shape, elementType, like: storage, requiresGrad, storage.key)
  }
}
