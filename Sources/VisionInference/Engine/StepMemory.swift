/// Where the tensors of a step lie.
///
/// Several threads may write, each its own part of the destination and of the scratch memory.
@safe struct StepMemory: @unchecked Sendable {
  let source: UnsafeMutablePointer<Float>
  let destination: UnsafeMutablePointer<Float>
  /// Nil for a step without weights.
  let weights, bias: UnsafeMutablePointer<Float>?
  /// Nil for a step that needs none.
  let scratch: UnsafeMutablePointer<Float>?

  init(
    source: UnsafeMutablePointer<Float>, destination: UnsafeMutablePointer<Float>,
    weights: UnsafeMutablePointer<Float>? = nil, bias: UnsafeMutablePointer<Float>? = nil,
    scratch: UnsafeMutablePointer<Float>? = nil
  ) {
    unsafe self.source = source
    unsafe self.destination = destination
    unsafe self.weights = weights
    unsafe self.bias = bias
    unsafe self.scratch = scratch
  }
}
