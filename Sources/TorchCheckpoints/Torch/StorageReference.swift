import StateDicts

/// A storage as one persistent id names it.
///
/// A storage can be named again with another class.
struct StorageReference: Sendable {
  let storage: Storage
  let elementType: ElementType
  /// Where in the storage the part begins that this id means: 0 but for views of old.
  var byteOffset = 0
  /// How much from there this id declares: what its tensors may reach.
  let byteCount: Int

  /// A tensor's place in the storage, of which this id may mean a part.
  ///
  /// - Throws: `malformedTensor`.
  func geometry(
    shape: [Int], strides: [Int], offset: Int, of type: ElementType
  ) throws(CheckpointError) -> TensorGeometry {
    var start = offset
    if byteOffset > 0, offset >= 0 {
      guard byteOffset % type.byteCount == 0, let sum = offset.plus(byteOffset / type.byteCount) else {
        throw CheckpointError.malformedTensor("A tensor begins between two elements of its storage.")
      }
      start = sum
    }
    return try TensorGeometry(
      shape: shape, strides: strides, offset: start, elementByteCount: type.byteCount,
      storageByteCount: byteOffset + byteCount)
  }
}
