import Foundation
import StateDicts
import Testing

struct DifferenceTests {
  @Test("names, forms and values are held against each other, and the rest counted")
  func all() throws {
    let first = try StateDict([
      ("same", floats([1, 2])), ("gone", floats([1])), ("shape", floats([1, 2])), ("type", floats([1])),
      ("values", floats([1, 2, 3, .nan])),
    ])
    let second = try StateDict([
      ("values", floats([1, 2.5, 2, .nan])), ("same", floats([1, 2])), ("new", floats([9])),
      ("shape", floats([1, 2], [1, 2])), ("type", tensor(.int32, [1], [1, 0, 0, 0])),
    ])
    let difference = try second.difference(from: first)
    #expect(difference.onlyInFirst == ["gone"])
    #expect(difference.onlyInSecond == ["new"])
    #expect(difference.forms.map(\.name) == ["shape", "type"])
    #expect(difference.forms[0].first == "float32 [2]")
    #expect(difference.forms[0].second == "float32 [1, 2]")
    #expect(difference.values.map(\.name) == ["values"])
    #expect(difference.values[0].elements == 2)
    #expect(difference.values[0].of == 4)
    #expect(difference.values[0].maximum == 1)
    #expect(difference.same == 1)
    #expect(!difference.isEmpty)
    #expect(try first.difference(from: first).isEmpty)
    #expect(try first.difference(from: first).same == 5)
  }

  @Test("distances are those of the definitions", arguments: [4, 5, 70_003])
  func distances(count: Int) throws {
    var state: UInt64 = 3
    func numbers() -> [Float] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int(state >> 40)) / 4096 - 2048
      }
    }
    let (a, b) = (numbers(), numbers())
    let difference = try StateDict([("w", floats(b))]).difference(from: StateDict([("w", floats(a))]))
    let values = try #require(difference.values.first)
    let pairs = zip(a, b).map { (Double($0), Double($1)) }
    func norm(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    func isClose(_ figure: Double?, _ expected: Double) -> Bool {
      abs((figure ?? .nan) - expected) <= 1e-9 * abs(expected)
    }
    #expect(values.elements == count && values.of == count)
    #expect(values.maximum == pairs.map { abs($0 - $1) }.max())
    #expect(isClose(values.mean, pairs.reduce(0) { $0 + abs($1.0 - $1.1) } / Double(count)))
    #expect(isClose(values.relativeL2, norm(pairs.map { $0 - $1 }) / norm(pairs.map(\.0))))
    #expect(
      isClose(values.cosine, pairs.reduce(0) { $0 + $1.0 * $1.1 } / norm(pairs.map(\.0)) / norm(pairs.map(\.1))))
  }

  @Test("a change in one of several boxes has the norms of all, and equal NaN do not differ")
  func boxes() throws {
    var numbers = [Float](repeating: 2, count: 9 << 20)
    let first = try StateDict([("w", floats(numbers)), ("n", floats([.nan, 1, 3]))])
    numbers[5] = 4
    let second = try StateDict([("w", floats(numbers)), ("n", floats([.nan, 1, 4]))])
    let values = try second.difference(from: first).values
    #expect(values[0].elements == 1 && values[0].maximum == 2)
    #expect(values[0].relativeL2 == 2 / (4.0 * Double(9 << 20)).squareRoot())
    #expect(values[1].elements == 1 && values[1].maximum == 1 && values[1].relativeL2 == nil && values[1].cosine == nil)
  }

  @Test("tensors that were renamed are found by their bytes, the first of equal ones first")
  func renamed() throws {
    let first = try StateDict([
      ("a.w", floats([1, 2])), ("a.b", floats([0, 0])), ("c.b", floats([0, 0])), ("gone", floats([7])),
    ])
    let second = try StateDict([
      ("x.b", floats([0, 0])), ("y.b", floats([0, 0])), ("z.w", floats([1, 2])), ("new", floats([8])),
    ])
    let difference = try second.difference(from: first)
    #expect(difference.renamed.map(\.from) == ["a.w", "a.b", "c.b"])
    #expect(difference.renamed.map(\.to) == ["z.w", "x.b", "y.b"])
    #expect(difference.onlyInFirst == ["gone"] && difference.onlyInSecond == ["new"])
    #expect(!difference.isEmpty)
  }

  @Test("values are compared by their bits, in C order, wherever they lie")
  func bits() throws {
    let straight = try StateDict([("w", tensor(.int16, [2, 2], littleEndian([Int16(1), 2, 3, 4])))])
    let turned = try StateDict([
      ("w", view(storage(littleEndian([Int16(1), 3, 2, 4])), .int16, [2, 2], strides: [1, 2]))
    ])
    #expect(try turned.difference(from: straight).isEmpty)
    let zeros = try StateDict([("w", floats([-0.0]))]).difference(from: StateDict([("w", floats([0.0]))]))
    #expect(zeros.values.first?.elements == 1)
    #expect(zeros.values.first?.maximum == 0)
  }

  @Test("the largest difference is nil where elements are no real numbers, or one is not finite")
  func maximum() throws {
    let infinite = try StateDict([("w", floats([1.5, .infinity]))]).difference(
      from: StateDict([("w", floats([1, 2]))]))
    #expect(infinite.values.first?.elements == 2)
    #expect(infinite.values.first?.maximum == nil)
    let complex = try StateDict([("w", tensor(.complex64, [1], littleEndian([Float(1), 3])))]).difference(
      from: StateDict([("w", tensor(.complex64, [1], littleEndian([Float(1), 2])))]))
    #expect(complex.values.first?.elements == 1)
    #expect(complex.values.first?.maximum == nil)
  }

  @Test("elements beyond the first window are compared too")
  func windows() throws {
    var values = [Float](repeating: 1, count: 100_003)
    let first = try StateDict([("w", floats(values))])
    values[100_002] = 4
    values[50_000] = 2
    let difference = try StateDict([("w", floats(values))]).difference(from: first)
    #expect(difference.values.first?.elements == 2)
    #expect(difference.values.first?.maximum == 3)
  }

  @Test("components of a sparse tensor and the scale of a quantized one are compared")
  func compositions() throws {
    func sparse(_ values: [Float]) throws -> StateDict {
      try StateDict([
        (
          "w",
          Tensor(
            Composition(.sparseCOO, components: [.init("indices", floats([0, 1])), .init("values", floats(values))]),
            elementType: .float32, geometry: TensorGeometry(stated: [5]), origin: .memory)
        )
      ])
    }
    #expect(try sparse([1, 2]).difference(from: sparse([1, 2])).isEmpty)
    #expect(try sparse([1, 3]).difference(from: sparse([1, 2])).values.map(\.name) == ["w"])
    #expect(try sparse([1, 2, 3]).difference(from: sparse([1, 2])).values.map(\.name) == ["w"])
    func quantized(_ scale: Double) throws -> StateDict {
      let composition = Composition(.quantizedPerTensor, attributes: ["scale": .number(scale)])
      return try StateDict([("w", tensor(.qint8, [1], [1]).composed(composition))])
    }
    #expect(try quantized(1).difference(from: quantized(1)).isEmpty)
    #expect(try !quantized(2).difference(from: quantized(1)).isEmpty)
  }

  @Test("its JSON has the keys of the contract")
  func json() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let difference = try StateDict([("a", floats([2]))]).difference(from: StateDict([("a", floats([1]))]))
    #expect(
      String(decoding: try encoder.encode(difference), as: UTF8.self)
        == #"{"forms":[],"only_in_first":[],"only_in_second":[],"renamed":[],"same":0,"values":[{"cosine":1,"elements":1,"maximum":1,"mean":1,"name":"a","of":1,"relative_l2":1}]}"#
    )
  }
}
