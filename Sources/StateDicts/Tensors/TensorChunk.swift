/// A part of a tensor, and where in it the part begins.
package struct TensorChunk: Sendable {
  package let offsets: [Int]
  package let tensor: Tensor

  package init(offsets: [Int], tensor: Tensor) {
    self.offsets = offsets
    self.tensor = tensor
  }
}
