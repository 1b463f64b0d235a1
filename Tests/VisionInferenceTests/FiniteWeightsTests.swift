import ModelParameters
import StateDicts
import Testing
import VisionInference
import VisionModels

/// One tensor of 11 numbers.
private struct Eleven: LoadableModel {
  let values: Tensor

  init(_: Int, in scope: ParameterScope) {
    values = scope.parameter("values", 11)
  }
}

@Suite struct FiniteWeightsTests {
  /// An element type, the bits of ordinary numbers (the largest among them), and of numbers that are not finite.
  static let types: [(type: ElementType, sound: [UInt64], broken: [UInt64])] = [
    (.float16, [0, 0x8000, 0x3C00, 0x7BFF, 0xFBFF, 0x0001], [0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFFFF]),
    (.bfloat16, [0, 0x8000, 0x3F80, 0x7F7F, 0xFF7F, 0x0001], [0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFFFF]),
    (
      .float32, [0, 0x8000_0000, 0x3F80_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 1],
      [0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF]
    ),
    (
      .float64, [0, 1 << 63, 0x3FF0 << 48, 0x7FEF_FFFF_FFFF_FFFF, 0xFFEF_FFFF_FFFF_FFFF, 1],
      [0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 0x7FF0 << 48 | 1, .max]
    ),
  ]

  private func match(_ type: ElementType, _ bits: [UInt64]) throws -> Match {
    let width = type.byteCount
    let store = try unsafe ByteStore(byteCount: width * bits.count) { bytes in
      for (index, value) in bits.enumerated() {
        for byte in 0..<width {
          unsafe bytes.storeBytes(
            of: UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)), toByteOffset: width * index + byte, as: UInt8.self
          )
        }
      }
    }
    let geometry = TensorGeometry(contiguous: [bits.count], elementCount: bits.count)
    let tensor = Tensor(elementType: type, geometry: geometry, storage: Storage(store))
    return ParameterRegistry(of: Eleven.self, 0).match(try StateDict([("values", tensor)]))
  }

  @Test("NaN and infinity are found at every place, in every type; the largest numbers are not taken for them")
  func everyPlace() throws {
    for (type, sound, broken) in Self.types {
      let whole = (0..<11).map { sound[$0 % sound.count] }
      try match(type, whole).requireFinite()
      for place in 0..<11 {
        for value in broken {
          var bits = whole
          bits[place] = value
          let error = #expect(throws: VisionError.self, "\(type) \(place)") { try match(type, bits).requireFinite() }
          #expect(error?.code == .notFinite && error?.layer == "values")
        }
      }
    }
  }
}
