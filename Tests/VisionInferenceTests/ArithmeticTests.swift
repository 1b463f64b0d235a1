import StateDicts
import Testing
import VisionModels

@testable import VisionInference

@Suite("Steps of the arithmetic against the same sums in double precision")
struct ArithmeticTests {
  /// A convolution of 3x3 with padding 1.
  struct Case: Sendable, CustomTestStringConvertible {
    let images: Int
    let channels: Int
    let height: Int
    let width: Int
    let isAdding: Bool

    var testDescription: String {
      "\(images) x \(channels) x \(height) x \(width)\(isAdding ? ", adding" : "")"
    }
  }

  /// Strips that fit, whose last begins among finished rows, of one row of tiles, of several images; and no strips.
  @Test(
    "a convolution in strips equals the whole one",
    arguments: [
      Case(images: 1, channels: 256, height: 58, width: 61, isAdding: false),
      Case(images: 1, channels: 256, height: 58, width: 61, isAdding: true),
      Case(images: 2, channels: 256, height: 31, width: 60, isAdding: true),
      Case(images: 1, channels: 256, height: 9, width: 808, isAdding: true),
      Case(images: 1, channels: 64, height: 58, width: 61, isAdding: true),
    ])
  func strips(_ example: Case) throws {
    let size = [example.images, example.channels, example.height, example.width]
    let (input, addend) = (numbers(size, seed: 1), numbers(size, seed: 2))
    let weightSize = [example.channels, example.channels, 3, 3]
    let weight = try Tensor(numbers(weightSize, seed: 3).map { $0 / 24 }, shape: weightSize)
    let bias = try Tensor(numbers([example.channels], seed: 4), shape: [example.channels])
    func result(isExact: Bool) throws -> [Float] {
      try ArithmeticThread(threadCount: 2, isExact: isExact).run { arithmetic in
        let x = try arithmetic.activation(size, input)
        return try arithmetic.convolve(
          x, LayerWeights(FoldedWeights(weight: weight, bias: bias)), padding: 1,
          adding: example.isAdding ? arithmetic.activation(size, addend) : nil, then: .relu
        ).values()
      }
    }
    let (fast, exact) = (try result(isExact: false), try result(isExact: true))
    #expect(zip(fast, exact).allSatisfy { abs($0 - $1) < 2e-4 })
    // Corners and an inner place by hand, so that both cannot be wrong alike.
    for (row, column) in [(0, 0), (example.height - 1, example.width - 1), (example.height / 2, 1)] {
      let (image, channel) = (example.images - 1, 5)
      let place = ((image * example.channels + channel) * example.height + row) * example.width + column
      var sum = Double(try [Float](bias)[channel]) + (example.isAdding ? Double(addend[place]) : 0)
      let kernel = try [Float](weight)
      for source in 0..<example.channels {
        for y in max(row - 1, 0)...min(row + 1, example.height - 1) {
          for x in max(column - 1, 0)...min(column + 1, example.width - 1) {
            let pixel = ((image * example.channels + source) * example.height + y) * example.width + x
            let tap = ((channel * example.channels + source) * 3 + y - row + 1) * 3 + x - column + 1
            sum += Double(input[pixel]) * Double(kernel[tap])
          }
        }
      }
      #expect(abs(Double(fast[place]) - max(sum, 0)) < 2e-4)
    }
  }

  @Test("what is added keeps its numbers where it is still referred to, and lends its memory where not")
  func lentMemory() throws {
    let size = [1, 16, 4, 4]
    let (input, addend) = (numbers(size, seed: 1), numbers(size, seed: 2))
    let weight = try Tensor(numbers([16, 16, 1, 1], seed: 3), shape: [16, 16, 1, 1])
    let (kept, first, second) = try ArithmeticThread(threadCount: 1).run { arithmetic in
      let weights = LayerWeights(FoldedWeights(weight: weight, bias: nil))
      let x = try arithmetic.activation(size, input)
      // In the kernels' layout, as what a model adds always is.
      let other = try arithmetic.convolve(x, weights, adding: arithmetic.activation(size, addend))
      let before = try other.values()
      let first = try arithmetic.convolve(x, weights, adding: other).values()
      let after = try other.values()
      return (before == after, first, try arithmetic.convolve(x, weights, adding: consume other).values())
    }
    #expect(kept)
    #expect(first == second)
  }

  @Test(
    "a matrix product takes the numbers of regions in C order, whatever the channels",
    arguments: [[3, 32, 2, 3], [3, 20, 2, 3], [2, 5, 1, 1], [4, 37]])
  func linear(_ size: [Int]) throws {
    let features = size.dropFirst().reduce(1, *)
    let (input, kernel) = (numbers(size, seed: 1), numbers([7, features], seed: 2))
    let (weight, bias) = (try Tensor(kernel, shape: [7, features]), try Tensor(numbers([7], seed: 3), shape: [7]))
    let found = try ArithmeticThread(threadCount: 2).run { arithmetic in
      try arithmetic.linear(arithmetic.activation(size, input), LayerWeights(FoldedWeights(weight: weight, bias: bias)))
        .values()
    }
    let shift = try [Float](bias)
    for row in 0..<size[0] {
      for output in 0..<7 {
        let sum = (0..<features).reduce(Double(shift[output])) { sum, feature in
          sum + Double(input[row * features + feature]) * Double(kernel[output * features + feature])
        }
        #expect(abs(Double(found[row * 7 + output]) - sum) < 1e-4)
      }
    }
  }

  @Test("memory that a run gave back serves the next one, and what is too large is refused")
  func pool() throws {
    let pool = try BufferPool()
    func place(_ buffer: Buffer) -> Int { unsafe Int(bitPattern: buffer.address) }
    let places = try (0..<3).map { _ in
      let (first, second) = (try pool.take(1000), try pool.take(5 << 20))
      let between = try pool.take(64)
      _ = consume second
      let again = try pool.take(3 << 20)
      #expect(place(again) < place(between))
      return place(first)
    }
    #expect(Set(places).count == 1)
    #expect(pool.byteCountInUse == 0)
    #expect(pool.largestByteCountInUse >= 5 << 20)
    #expect(throws: VisionError(.arithmetic, "")) { try pool.take(Int.max) }
    #expect(throws: VisionError(.arithmetic, "")) { try pool.take(Int.max / 2) }
  }

  /// Numbers between -1 and 1.
  private func numbers(_ size: [Int], seed: UInt64) -> [Float] {
    (0..<size.reduce(1, *)).map { index in
      Float(SeededWeights.scramble(seed << 40 + UInt64(index)) >> 40) / 8_388_608 - 1
    }
  }
}
