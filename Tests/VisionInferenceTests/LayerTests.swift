import Foundation
import ModelParameters
import StateDicts
import Testing
import VisionInference
import VisionModels

/// Each layer alone, at odd sizes, against torch's.
///
/// The references come from `TestData/recipes/layers.py`.
@Suite struct LayerTests {
  static let folder = Repository.fixture("layers")
  static let cases: [LayerCase] =
    (try? JSONDecoder().decode([LayerCase].self, from: Data(contentsOf: folder.appending(path: "layers.json")))) ?? []

  @Test("there are cases of every kind")
  func extent() {
    #expect(Set(Self.cases.map(\.kind)) == Set(LayerCase.Kind.allCases))
    #expect(Self.cases.count == 47)
  }

  @Test("a layer's output is torch's, by direct convolutions and as it is usually run", arguments: cases)
  func output(layer: LayerCase) throws {
    let all = try StateDict(contentsOf: Self.folder.appending(path: "layers.safetensors"))
    let prefix = layer.name + "."
    let tensors = try StateDict(
      all.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
    let expected = try #require(tensors["output"])
    for isExact in [true, false] {
      let thread = ArithmeticThread(threadCount: 2, isExact: isExact)
      let (shape, values) = try thread.run { arithmetic in try layer.run(tensors, on: arithmetic) }
      #expect(shape == expected.shape)
      let wanted = try [Float](expected)
      if layer.kind.isExact {
        #expect(values == wanted)
      } else {
        #expect(relativeDistance(values, wanted) <= 1e-5, "exact \(isExact)")
        let largest = wanted.map(abs).max() ?? 0
        #expect(zip(values, wanted).allSatisfy { abs($0 - $1) <= 1e-4 * largest }, "exact \(isExact)")
      }
    }
  }

  @Test("weights and an activation that do not fit are refused, not run")
  func misfits() throws {
    let thread = ArithmeticThread(threadCount: 1)
    let tensors = try StateDict(contentsOf: Self.folder.appending(path: "layers.safetensors"))
    let weight = try #require(tensors["conv_padded.weight"])
    let matrix = try #require(tensors["linear_small.weight"])
    func code(_ body: @escaping @Sendable (Arithmetic) throws -> Activation) -> VisionError.Code? {
      do {
        return try thread.run { arithmetic -> VisionError.Code? in
          _ = try body(arithmetic)
          return nil
        }
      } catch { return (error as? VisionError)?.code }
    }
    let three: @Sendable (Arithmetic) throws -> Activation = {
      try $0.activation([1, 3, 4, 4], [Float](repeating: 1, count: 48))
    }
    let weights = FoldedWeights(weight: weight, bias: nil)
    #expect(code { try $0.convolve(three($0), LayerWeights(weights), stride: 1, padding: 1) } == .arithmetic)
    #expect(code { try $0.linear(three($0), LayerWeights(FoldedWeights(weight: matrix, bias: nil))) } == .arithmetic)
    let small: @Sendable (Arithmetic) throws -> Activation = {
      try $0.activation([1, 16, 2, 2], [Float](repeating: 1, count: 64))
    }
    #expect(code { try $0.convolve(small($0), LayerWeights(weights), stride: 1, padding: 0) } == .imageSize)
    #expect(code { try $0.sum(three($0), small($0)) } == .arithmetic)
  }
}
