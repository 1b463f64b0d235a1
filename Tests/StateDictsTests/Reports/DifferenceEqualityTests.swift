import Foundation
import StateDicts
import Testing

/// Differences that a change of form explains, and tensors that were renamed.
@Suite struct DifferenceEqualityTests {
  private func weight(_ shape: [Int], from first: Int = 0) throws -> Tensor {
    let count = shape.reduce(1, *)
    return try Tensor((0..<count).map { Float((first + $0) % 509) * 0.25 - 40 }, shape: shape)
  }

  /// The tensor's elements in memory of its own.
  private func copy(_ tensor: Tensor) throws -> Tensor { try Tensor([Float](tensor), shape: tensor.shape) }

  private func difference(_ first: Tensor, _ second: Tensor) throws -> Difference {
    try StateDict([("w", second)]).difference(from: StateDict([("w", first)]))
  }

  @Test(
    "a tensor with its dimensions in another order is recognised",
    arguments: [
      ([8, 3, 7, 5], [0, 2, 3, 1]), ([8, 3, 7, 7], [0, 2, 3, 1]), ([8, 3, 7, 7], [2, 3, 1, 0]), ([6, 4], [1, 0]),
      ([2, 3, 4, 5, 6], [4, 2, 0, 1, 3]),
    ])
  func permuted(_ shape: [Int], _ axes: [Int]) throws {
    let first = try weight(shape)
    let found = try difference(first, copy(first.permuted(axes)))
    #expect(found.forms.map(\.equality?.permutation) == [axes] && found.forms[0].equality?.cast == nil)
    #expect(found.forms[0].equality?.description == "equal after permuting \(axes)")
  }

  @Test("a square matrix that was transposed has the same form, and values that say so")
  func square() throws {
    let first = try weight([16, 16])
    let found = try difference(first, copy(first.permuted([1, 0])))
    #expect(found.forms.isEmpty && found.values.map(\.equality?.permutation) == [[1, 0]])
    #expect(found.values[0].elements > 0)
  }

  @Test(
    "a tensor that was converted is recognised, also with its dimensions in another order",
    arguments: [
      ElementType.float16, .bfloat16, .float64,
    ])
  func cast(_ type: ElementType) throws {
    let first = try weight([8, 3, 4, 4])
    let plain = try difference(first, first.converted(to: type).contiguous())
    #expect(plain.forms.map(\.equality) == [Difference.Equality(permutation: nil, cast: type)])
    let both = try difference(first, first.permuted([0, 2, 3, 1]).converted(to: type).contiguous())
    #expect(both.forms.map(\.equality) == [Difference.Equality(permutation: [0, 2, 3, 1], cast: type)])
    #expect(both.forms[0].equality?.description == "equal after permuting [0, 2, 3, 1] and a cast to \(type)")
  }

  @Test("one element that differs, another shape, integers: no change is named")
  func unequal() throws {
    let first = try weight([8, 3, 7, 5])
    var values = try [Float](first.permuted([0, 2, 3, 1]))
    values[values.count - 1] += 1
    #expect(try difference(first, Tensor(values, shape: [8, 7, 5, 3])).forms[0].equality == nil)
    #expect(try difference(first, weight([8, 105])).forms[0].equality == nil)
    #expect(try difference(first, weight([8, 3, 7, 6])).forms[0].equality == nil)
    #expect(try difference(first, weight([8, 3, 7, 5], from: 1)).values[0].equality == nil)
    let integers = try Tensor((0..<6).map { Int64($0) }, shape: [2, 3])
    #expect(try difference(integers, Tensor([Float](integers), shape: [2, 3])).forms[0].equality == nil)
  }

  @Test("JSON has the change")
  func json() throws {
    let first = try weight([6, 4])
    let found = try difference(first, copy(first.permuted([1, 0])))
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(found)) as? [String: Any]
    let forms = try #require(object?["forms"] as? [[String: Any]])
    #expect((forms[0]["equal_after"] as? [String: [Int]]) == ["permutation": [1, 0]])
  }

  @Test("tensors of one form are paired by their bytes, whichever order they are in")
  func renamed() throws {
    let tensors = try (0..<12).map { try weight([7, 9], from: $0 / 2 * 3) }
    let first = try StateDict(tensors.enumerated().map { ("a\($0)", $1) })
    let second = try StateDict(tensors.enumerated().reversed().map { ("b\($0)", try copy($1)) })
    let found = try second.difference(from: first)
    #expect(found.renamed.count == 12 && found.onlyInFirst.isEmpty && found.onlyInSecond.isEmpty)
    // Of two equal ones either is right.
    for pair in found.renamed {
      #expect((Int(pair.from.dropFirst()) ?? 0) / 2 == (Int(pair.to.dropFirst()) ?? 1) / 2)
    }
  }

  @Test("tensors that agree in a few elements and not in all are not paired")
  func alike() throws {
    let zeros = [Float](repeating: 0, count: 100_000)
    var other = zeros
    other[54_321] = 1
    let first = try StateDict([("a", Tensor(zeros, shape: [100_000])), ("b", Tensor(other, shape: [100_000]))])
    let second = try StateDict([("c", Tensor(other, shape: [100_000])), ("d", Tensor(other, shape: [100_000]))])
    let found = try second.difference(from: first)
    #expect(found.renamed.map(\.from) == ["b"] && found.onlyInFirst == ["a"] && found.onlyInSecond.count == 1)
  }

  @Test("progress ends at the number of bytes that are compared")
  func progress() throws {
    let last = Locked(ByteProgress(completedByteCount: 0, totalByteCount: 0, name: ""))
    let stateDict = try StateDict([("a", weight([300, 400])), ("b", weight([5]))])
    _ = try stateDict.difference(from: stateDict) { progress in
      last.withLock { $0 = $0.completedByteCount < progress.completedByteCount ? progress : $0 }
    }
    let end = last.withLock { $0 }
    #expect(end.completedByteCount == 2 * 120_005 * 4 && end.fraction == 1)
  }
}
