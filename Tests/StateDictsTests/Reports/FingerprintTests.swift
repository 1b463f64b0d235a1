import Foundation
import StateDicts
import Testing

struct FingerprintTests {
  private func stateDict(_ changes: [String: Tensor?] = [:]) throws -> StateDict {
    let shared = storage(littleEndian([Float(1), 2]))
    let elements: [(String, Tensor)] = try [
      ("conv.weight", tensor(.uint8, [9], Array("123456789".utf8))), ("fc.weight", floats([1, 2, 3, 4], [2, 2])),
      ("fc.bias", floats([5, 6])), ("embed", view(shared, .float32, [2])), ("head", view(shared, .float32, [2])),
    ]
    return try StateDict(
      elements.compactMap { name, tensor in
        guard let change = changes[name] else { return (name, tensor) }
        return change.map { (name, $0) }
      })
  }

  @Test("a fingerprint is the tensors' names, types, shapes and CRC-32, and their ties")
  func contents() throws {
    let fingerprint = try stateDict().fingerprint()
    #expect(fingerprint.tensors.map(\.name) == ["conv.weight", "fc.weight", "fc.bias", "embed", "head"])
    #expect(fingerprint.tensors[0].crc32 == "cbf43926")
    #expect(fingerprint.tensors[0].dtype == .uint8)
    #expect(fingerprint.tensors[1].shape == [2, 2])
    #expect(fingerprint.ties == [["embed", "head"]])
  }

  @Test("it is of the values, not of how they lie")
  func layoutHasNoSay() throws {
    let straight = try StateDict([("w", tensor(.int16, [2, 2], littleEndian([Int16(1), 2, 3, 4])))])
    let turned = try StateDict([
      ("w", view(storage(littleEndian([Int16(1), 3, 2, 4])), .int16, [2, 2], strides: [1, 2]))
    ])
    let big = try StateDict([("w", view(storage([0, 1, 0, 2, 0, 3, 0, 4], order: .big), .int16, [2, 2]))])
    #expect(try straight.fingerprint() == turned.fingerprint())
    #expect(try straight.fingerprint() == big.fingerprint())
  }

  @Test("it goes through JSON and comes back equal, with the keys that scripts rely on")
  func codable() throws {
    let fingerprint = try stateDict().fingerprint()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(fingerprint)
    #expect(try JSONDecoder().decode(Fingerprint.self, from: json) == fingerprint)
    let text = String(decoding: json, as: UTF8.self)
    #expect(text.hasPrefix(#"{"tensors":[{"crc32":"cbf43926","dtype":"uint8","name":"conv.weight","shape":[9]},"#))
    #expect(text.hasSuffix(#""ties":[["embed","head"]]}"#))
  }

  @Test("nothing changed, so there are no changes")
  func same() throws {
    #expect(try stateDict().fingerprint().changes(since: stateDict().fingerprint()) == [])
  }

  @Test("each change says what a reader wants to know")
  func changes() throws {
    let before = try stateDict().fingerprint()
    func text(_ changes: [String: Tensor?]) throws -> [String] {
      try stateDict(changes).fingerprint().changes(since: before).map(\.description)
    }
    #expect(try text(["fc.bias": floats([5, 7])]) == ["fc.bias: values changed"])
    #expect(try text(["fc.weight": floats([1, 2, 3, 4], [4])]) == ["fc.weight: shape [2, 2] became [4]"])
    #expect(
      try text(["fc.bias": tensor(.int32, [2], littleEndian([Int32(5), 6]))]) == ["fc.bias: float32 became int32"])
    #expect(try text(["fc.bias": nil]) == ["fc.bias: removed (float32 [2])"])
    #expect(try text(["head": floats([1, 2])]) == ["embed, head: no longer tied"])
    #expect(
      try text(["fc.bias": tensor(.uint8, [3], [1, 2, 3])])
        == ["fc.bias: float32 became uint8", "fc.bias: shape [2] became [3]"])
    let without = try stateDict(["fc.bias": nil, "head": floats([1, 2])]).fingerprint()
    #expect(
      before.changes(since: without).map(\.description) == ["fc.bias: added (float32 [2])", "embed, head: tied now"])
  }

  @Test("the same tensors in another order are a change of their own")
  func order() throws {
    let (a, b) = try (floats([1]), floats([2]))
    let before = try StateDict([("a", a), ("b", b)]).fingerprint()
    let after = try StateDict([("b", b), ("a", a)]).fingerprint()
    #expect(after.changes(since: before) == [.order])
    #expect(after.changes(since: before).map(\.description) == ["the order of the tensors changed"])
  }

  @Test("names that look the same and have other bytes are told apart")
  func exactNames() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    let before = try StateDict([(composed, floats([1])), (decomposed, floats([2]))]).fingerprint()
    let after = try StateDict([(composed, floats([1])), (decomposed, floats([3]))]).fingerprint()
    #expect(before.changes(since: before) == [])
    #expect(after.changes(since: before) == [.values(name: decomposed)])
    let renamed = try StateDict([(decomposed, floats([1]))]).fingerprint()
    let first = try StateDict([(composed, floats([1]))]).fingerprint()
    #expect(
      renamed.changes(since: first).map(\.description) == [
        "\(decomposed): added (float32 [1])", "\(composed): removed (float32 [1])",
      ])
  }

  private func sparse(_ values: [Float], _ kind: Composition.Kind = .sparseCOO) throws -> Tensor {
    try Tensor(
      Composition(
        kind,
        components: [
          .init("indices", tensor(.int64, [1, 2], littleEndian([Int64(0), 3]))), .init("values", floats(values)),
        ]),
      elementType: .float32, geometry: TensorGeometry(stated: [5]), origin: .memory)
  }

  private func quantized(_ scale: Double) throws -> Tensor {
    try tensor(.qint8, [2], [1, 2]).composed(
      Composition(.quantizedPerTensor, attributes: ["scale": .number(scale), "zero_point": .integer(0)]))
  }

  @Test("a sparse tensor's values and a quantized tensor's scale are part of what it is")
  func compositions() throws {
    func fingerprint(_ tensor: Tensor) throws -> Fingerprint { try StateDict([("w", tensor)]).fingerprint() }
    let sparseBefore = try fingerprint(sparse([1, 2]))
    #expect(try fingerprint(sparse([1, 2])).changes(since: sparseBefore) == [])
    #expect(try fingerprint(sparse([1, 3])).changes(since: sparseBefore) == [.values(name: "w")])
    let quantizedBefore = try fingerprint(quantized(0.5))
    #expect(try fingerprint(quantized(0.5)).changes(since: quantizedBefore) == [])
    #expect(try fingerprint(quantized(0.25)).changes(since: quantizedBefore) == [.values(name: "w")])
  }
}
