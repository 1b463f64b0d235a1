import StateDicts
import Testing
import VisionModels

@testable import VisionInference

/// Overflow is noticed in every kernel, although ReLU makes 0 of NaN and of minus infinity: `make test-instructions` runs
/// these under each instruction set, and each runs with Winograd's algorithm and without.
@Suite("Activations that are not finite")
struct FiniteActivationsTests {
  /// A convolution of 32 channels, which Winograd's algorithm takes where the kernel's side is 3.
  private func convolve(
    _ input: [Float], weight: Float, bias: Float = 0, kernel: Int, addend: Float? = nil, isExact: Bool,
    then: Nonlinearity = .relu, alternating isAlternating: Bool = false
  ) throws -> [Float] {
    let (size, weightSize) = ([1, 32, 8, 8], [32, 32, kernel, kernel])
    let weights = (0..<weightSize.reduce(1, *)).map { isAlternating && $0 % 2 == 1 ? -weight : weight }
    let folded = FoldedWeights(
      weight: try Tensor(weights, shape: weightSize),
      bias: try Tensor([Float](repeating: bias, count: 32), shape: [32]))
    return try ArithmeticThread(threadCount: 1, isExact: isExact).run { arithmetic in
      let sum = try addend.map { try arithmetic.activation(size, [Float](repeating: $0, count: 2048)) }
      return try arithmetic.convolve(
        arithmetic.activation(size, input), LayerWeights(folded), padding: kernel / 2, adding: sum, then: then
      ).values()
    }
  }

  private func ones(_ value: Float) -> [Float] { [Float](repeating: value, count: 2048) }

  @Test(
    "a sum that overflows is refused, whatever its sign and whatever follows", arguments: [1, 3], [false, true])
  func sums(kernel: Int, isExact: Bool) {
    for nonlinearity in [Nonlinearity.none, .relu, .relu6] {
      for weight in [Float(1e37), -1e37] {
        #expect(throws: VisionError(.notFinite, ""), "\(nonlinearity) \(weight)") {
          try convolve(ones(1e3), weight: weight, kernel: kernel, isExact: isExact, then: nonlinearity)
        }
      }
      // Infinities of both signs, whose sum is NaN.
      #expect(throws: VisionError(.notFinite, ""), "\(nonlinearity)") {
        try convolve(ones(1e19), weight: 1e37, kernel: kernel, isExact: isExact, then: nonlinearity, alternating: true)
      }
      // The addend alone makes it too much.
      #expect(throws: VisionError(.notFinite, ""), "\(nonlinearity)") {
        try convolve(
          ones(1), weight: -1e37, bias: -1e37, kernel: 1, addend: -3.4e38, isExact: isExact, then: nonlinearity)
      }
    }
  }

  @Test(
    "one broken number of an input is refused at every place",
    arguments: [Float.nan, .infinity, -.infinity], [false, true])
  func inputs(value: Float, isExact: Bool) {
    for place in [0, 1, 777, 2047] {
      var input = ones(0)
      input[place] = value
      for kernel in [1, 3] {
        #expect(throws: VisionError(.notFinite, "")) {
          try convolve(input, weight: 0.5, kernel: kernel, isExact: isExact)
        }
      }
    }
  }

  @Test(
    "numbers that are large but finite give the right sums, also where tiles of Winograd's would overflow",
    arguments: [Float(1e18), 1e30, 1e36], [false, true])
  func large(value: Float, isExact: Bool) throws {
    let found = try convolve(ones(value), weight: 0.0625, kernel: 3, isExact: isExact)
    let inner = 32 * 9 * 0.0625 * Double(value)
    #expect(found.allSatisfy { $0.isFinite })
    #expect(abs(Double(found[9]) - inner) < inner * 1e-4)
    #expect(try convolve(ones(value), weight: 0.0625, kernel: 1, isExact: isExact, then: .relu6) == ones(6))
  }

  @Test("weights that overflow with their normalization folded in are refused", arguments: [false, true])
  func folded(isExact: Bool) {
    #expect(throws: VisionError(.notFinite, "")) {
      try convolve(ones(0), weight: .infinity, kernel: 3, isExact: isExact)
    }
  }

  @Test("bounds grow from layer to layer until the numbers are looked at: forty layers that halve are no overflow")
  func bounds() throws {
    let identity = (0..<1024).map { Float($0 % 33 == 0 ? 0.5 : 0) + ($0 % 2 == 0 ? 1000 : -1000) }
    let folded = FoldedWeights(weight: try Tensor(identity, shape: [32, 32, 1, 1]), bias: nil)
    let values = try ArithmeticThread(threadCount: 1).run { arithmetic in
      let weights = LayerWeights(folded)
      var x = try arithmetic.activation([1, 32, 8, 8], ones(1))
      for _ in 0..<40 { x = try arithmetic.convolve(x, weights) }
      return try x.values()
    }
    #expect(values.allSatisfy { abs($0 * 0x1p40 - 1) < 0.01 })
  }

  @Test("a matrix product and a mean that overflow are refused", arguments: [false, true])
  func products(isExact: Bool) throws {
    let folded = FoldedWeights(
      weight: try Tensor([Float](repeating: -1, count: 7 * 32), shape: [7, 32]),
      bias: try Tensor([Float](repeating: 0, count: 7), shape: [7]))
    #expect(throws: VisionError(.notFinite, "")) {
      try ArithmeticThread(threadCount: 1, isExact: isExact).run { arithmetic in
        let x = try arithmetic.activation([2, 32], [Float](repeating: 3e37, count: 64))
        return try arithmetic.linear(x, LayerWeights(folded), then: .relu).values()
      }
    }
    #expect(throws: VisionError(.notFinite, "")) {
      try ArithmeticThread(threadCount: 1, isExact: isExact).run { arithmetic in
        let x = try arithmetic.activation([1, 32, 8, 8], ones(3e38))
        return try arithmetic.linear(arithmetic.meanPool(x), LayerWeights(folded)).values()
      }
    }
  }

  @Test("the largest magnitude and sum of magnitudes notice every number, whatever lies behind it")
  func magnitudes() {
    for count in [1, 7, 8, 9, 16, 37] {
      for place in 0..<count {
        for value in [Float.nan, .infinity, -.infinity] {
          var numbers = [Float](repeating: -2, count: count)
          #expect(unsafe numbers.withUnsafeBufferPointer { unsafe $0.largestMagnitude } == 2)
          #expect(
            unsafe numbers.withUnsafeBufferPointer { unsafe $0.largestMagnitudeSum(ofRows: 1) } == Float(2 * count))
          numbers[place] = value
          #expect(unsafe !numbers.withUnsafeBufferPointer { unsafe $0.largestMagnitude }.isFinite)
          #expect(unsafe numbers.withUnsafeBufferPointer { unsafe $0.largestMagnitudeSum(ofRows: 1) } == .infinity)
        }
      }
    }
  }
}
