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
      ("values", floats([1, 2.5, 2, .nan])), ("same", floats([1, 2])), ("new", floats([1])),
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
        == #"{"forms":[],"only_in_first":[],"only_in_second":[],"same":0,"values":[{"elements":1,"maximum":1,"name":"a","of":1}]}"#
    )
  }
}
