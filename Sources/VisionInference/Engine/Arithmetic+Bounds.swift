import VisionModels

/// No activation holds NaN or infinity, and that is shown before a step runs, whatever its kernel does with such
/// numbers:
///
///     |sum of w * x| <= (sum of |w|) * (largest |x|)
///
/// So the result, every part of it that a kernel adds up, and the tiles of Winograd's algorithm stay finite while that
/// bound is far below the largest float. Each activation carries the bound that its step gave; only when bounds upon
/// bounds have grown too large, after ten layers or more, is an activation looked at number by number.
extension Arithmetic {
  /// The bound under which a step runs as it is: 2^24 below the largest float, for Winograd's algorithm, which
  /// multiplies its tiles by up to some 10^5, and for rounding, which no bound here counts.
  private static let largestBound: Float = 0x1p104

  /// What the magnitudes of a convolution's results do not exceed; nil where they may come near the largest float.
  ///
  /// - Parameter addend: What the results are added to.
  func bound(of weights: PreparedWeights, on x: Activation, addingTo addend: Activation?) throws(VisionError) -> Float?
  {
    func bound() -> Float? {
      let result = x.buffer.bound * weights.gain + weights.shift + (addend?.buffer.bound ?? 0)
      return [result, x.buffer.bound, weights.gain].allSatisfy { $0 <= Self.largestBound } ? result : nil
    }
    if let known = bound() { return known }
    try measure(x)
    if let addend { try measure(addend) }
    return bound()
  }

  /// Looks at every number: the bound becomes the largest magnitude.
  ///
  /// - Throws: `notFinite` where a number is NaN or infinite.
  func measure(_ x: Activation) throws(VisionError) {
    x.buffer.bound = unsafe x.numbers.largestMagnitude
    guard x.buffer.bound.isFinite else { throw .overflow() }
  }
}

extension VisionError {
  /// - Parameter stage: Where it begins; nil where the parts of the model that call this add their names.
  static func overflow(_ stage: String? = nil) -> VisionError {
    VisionError(
      .notFinite, "The activations overflow to infinity or NaN.", layer: stage,
      remedy: "look for weights that are too large in this stage or earlier ones")
  }
}

extension UnsafeBufferPointer<Float> {
  /// The largest magnitude; not finite where a number is not, since the bits of those are larger than all others'.
  var largestMagnitude: Float {
    var largest: Int32 = 0
    for index in indices {
      largest = unsafe Swift.max(largest, Int32(bitPattern: self[index].bitPattern & 0x7FFF_FFFF))
    }
    return Float(bitPattern: UInt32(bitPattern: largest))
  }

  /// The largest sum of the magnitudes in one of `count` rows; infinite where a number is not finite.
  func largestMagnitudeSum(ofRows count: Int) -> Float {
    let length = self.count / Swift.max(count, 1)
    return (0..<count).reduce(0) { largest, row in
      let sum = unsafe UnsafeBufferPointer(rebasing: self[row * length..<(row + 1) * length]).magnitudeSum
      return sum.isFinite ? Swift.max(largest, sum) : .infinity
    }
  }

  private var magnitudeSum: Float {
    let bytes = UnsafeRawBufferPointer(self)
    let vectorCount = count / 8
    var sums = SIMD8<Float>(repeating: 0)
    for index in 0..<vectorCount {
      let vector = unsafe bytes.loadUnaligned(fromByteOffset: 32 * index, as: SIMD8<Float>.self)
      sums += vector.replacing(with: -vector, where: vector .< 0)
    }
    return unsafe self[(8 * vectorCount)...].reduce(sums.sum()) { $0 + $1.magnitude }
  }
}
