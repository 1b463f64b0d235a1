import ModelParameters
import StateDicts
import Testing

@Suite struct ConversionTests {
  /// Numbers and the bits that torch 2.13 gives them as half and bfloat16: `torch.tensor(x).half().view(torch.int16)`.
  static let torchBits: [(value: Float, half: UInt16, bfloat16: UInt16)] = [
    (0, 0x0000, 0x0000), (-0.0, 0x8000, 0x8000), (1, 0x3C00, 0x3F80), (1.00048828125, 0x3C00, 0x3F80),
    (1.00146484375, 0x3C02, 0x3F80), (65519.996, 0x7BFF, 0x4780), (65520, 0x7C00, 0x4780), (-70000, 0xFC00, 0xC789),
    (0x1p-24, 0x0001, 0x3380), (0x1p-25, 0x0000, 0x3300), (2.980530261993408e-08, 0x0001, 0x3300),
    (-0x1p-14, 0x8400, 0xB880), (6.102025508880615e-05, 0x0400, 0x3880), (3e-05, 0x01F7, 0x37FC),
    (.infinity, 0x7C00, 0x7F80), (1e-09, 0x0000, 0x3089), (0.333333333, 0x3555, 0x3EAB),
  ]

  @Test("a float becomes the half and the bfloat16 that torch makes of it", arguments: torchBits)
  func rounding(value: Float, half: UInt16, bfloat16: UInt16) {
    #expect(value.halfBits == half)
    #expect(value.bfloat16Bits == bfloat16)
  }

  @Test("every half comes back as itself")
  func everyHalf() {
    let changed = (UInt16.min...UInt16.max).filter { bits in
      let value = Float(halfBits: bits)
      return value.isNaN ? !Float(halfBits: value.halfBits).isNaN : value.halfBits != bits
    }
    #expect(changed.isEmpty)
  }

  private func match(
    _ tensor: Tensor, as declared: ElementType?, _ conversion: MatchOptions.Conversion = .asDeclared
  ) throws -> Match {
    let registry = try ParameterRegistry([ParameterSpec("w", shape: tensor.shape, elementType: declared)])
    return try registry.match(StateDict([(name: "w", tensor: tensor)]), options: MatchOptions(conversion: conversion))
  }

  private let halves = Tensor([0x00, 0x3C, 0x00, 0xC0, 0x55, 0x35], shape: [3], as: .float16)

  @Test("a half checkpoint comes as the float32 that the model computes with, and that is told")
  func implied() throws {
    let match = try match(halves, as: .float32)
    #expect(match.isExact)
    #expect(match.converted == [.init(name: "w", from: .float16, to: .float32)])
    let binding = try #require(match.bound.first)
    #expect(binding.converted.elementType == .float32)
    #expect(try [Float](binding.converted) == [1, -2, Float(halfBits: 0x3555)])
    #expect(binding.tensor.elementType == .float16)
  }

  @Test("bfloat16 and float64 come as float32 too")
  func otherFloats() throws {
    let brain = try match(Tensor([0x80, 0x3F, 0x20, 0xC1], shape: [2], as: .bfloat16), as: .float32)
    #expect(try brain.bound.map { try [Float]($0.converted) } == [[1, -10]])
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: (0.1).bitPattern >> (8 * $0)) }
    let double = try match(Tensor(bytes, shape: [1], as: .float64), as: .float32)
    #expect(try double.bound.map { try [Float]($0.converted) } == [[0.1]])
  }

  @Test("another type is given where it is asked for, to floating-point tensors only")
  func asked() throws {
    let narrow = try match(halves, as: .float32, .to(.bfloat16))
    #expect(narrow.converted == [.init(name: "w", from: .float16, to: .bfloat16)])
    #expect(try narrow.bound.map { try [Float]($0.converted) } == [[1, -2, 0.333_984_375]])
    let count = try match(Tensor([7, 0, 0, 0, 0, 0, 0, 0], shape: [1], as: .int64), as: .int64, .to(.float16))
    #expect(count.isExact && count.converted.isEmpty)
  }

  @Test("where nothing may be converted, another type is a mismatch")
  func never() throws {
    let match = try match(halves, as: .float32, .never)
    #expect(match.mismatched.map(\.reason) == [.dtype])
    #expect(match.torchMessage.contains("type mismatch for w: the checkpoint has float16"))
    #expect(try self.match(halves, as: nil, .never).isExact)
  }

  @Test("integers become no floating-point numbers: they are most likely quantized")
  func integers() throws {
    #expect(try match(Tensor([1, 2], shape: [2], as: .int8), as: .float32).mismatched.map(\.reason) == [.dtype])
    #expect(try match(halves, as: .int64).mismatched.map(\.reason) == [.dtype])
  }

  @Test("a counter that was made a half with all the rest is taken, where it is a whole number")
  func counters() throws {
    let registry = try ParameterRegistry([ParameterSpec("n", shape: [], elementType: .int64, role: .buffer)])
    let whole = try registry.match(StateDict([(name: "n", tensor: Tensor([0x00, 0x64], shape: [], as: .float16))]))
    #expect(whole.isExact)
    #expect(try whole.bound.map { try [Int]($0.converted) } == [[1024]])
    let half = try registry.match(StateDict([(name: "n", tensor: Tensor([0x00, 0x38], shape: [], as: .float16))]))
    #expect(throws: CheckpointError(.inexactConversion, "")) { try half.bound.map { try [Int]($0.converted) } }
  }

  @Test("integers become wider and narrower ones where they fit; where they do not, reading says so")
  func integerWidths() throws {
    let wide = try match(Tensor([200], shape: [1], as: .uint8), as: .int64)
    #expect(try wide.bound.map { try [Int]($0.converted) } == [[200]])
    let narrow = try match(Tensor([200], shape: [1], as: .uint8), as: .int8)
    #expect(throws: CheckpointError(.inexactConversion, "")) { try narrow.bound.map { try [Int8]($0.converted) } }
  }

  @Test("the state dict is arranged as the model has it, converted or as it was")
  func arranged() throws {
    let registry = try ParameterRegistry([
      ParameterSpec("a", shape: [3]), ParameterSpec("n", shape: [], elementType: nil, role: .ignored),
      ParameterSpec("b", shape: [3]),
    ])
    let weights = try StateDict([
      (name: "x", tensor: halves), (name: "b", tensor: halves), (name: "n", tensor: halves),
      (name: "a", tensor: halves),
    ])
    let match = registry.match(weights)
    #expect(try match.arranged().names == ["a", "n", "b", "x"])
    #expect(try match.arranged()["a"]?.elementType == .float16)
    #expect(try match.arranged(converting: true)["a"]?.elementType == .float32)
  }
}
