import ModelParameters
import StateDicts

/// Weights made from the tensors' names: 24 bits of splitmix64 over the FNV-1a hash of the name, as
/// `TestData/recipes/detections.py` makes them.
enum SeededWeights {
  /// A state dict with every tensor that a registry holds.
  ///
  /// - Parameter gains: What tensors with a part of a name, other than biases, are multiplied by.
  static func stateDict(_ registry: ParameterRegistry, gains: [String: Float]) throws -> StateDict {
    let names = Set(registry.specs.map(\.name))
    return try StateDict(
      registry.specs.compactMap { spec -> StateDict.Element? in
        if spec.role == .ignored { return nil }
        if spec.name.hasSuffix("num_batches_tracked") { return nil }
        let module = spec.name.split(separator: ".").dropLast().joined(separator: ".")
        let isNorm = names.contains(module + ".running_var")
        let gain = spec.shape.count > 1 ? gains.first { spec.name.contains($0.key) }?.value ?? 1 : 1
        return (spec.name, try tensor(spec, isNorm: isNorm, gain: gain))
      })
  }

  private static func tensor(_ spec: ParameterSpec, isNorm: Bool, gain: Float) throws -> Tensor {
    let count = spec.shape.reduce(1, *)
    let fan = Float(spec.shape.dropFirst().reduce(1, *))
    let (scale, shift): (Float, Float) =
      if spec.name.hasSuffix("running_var") {
        (0.5, 1.25)
      } else if isNorm, spec.name.hasSuffix("weight") {
        (0.25, 0.75)
      } else if spec.shape.count == 1 {
        (0.125, 0)
      } else {
        ((6 / fan).squareRoot(), 0)
      }
    let seed = hash(spec.name)
    let store = try unsafe ByteStore(byteCount: 4 * count) { bytes in
      let values = unsafe bytes.bindMemory(to: Float.self)
      var state = seed
      for index in 0..<count {
        state &+= 0x9E37_79B9_7F4A_7C15
        unsafe values[index] = ((Float(scramble(state) >> 40) / 8_388_608 - 1) * scale + shift) * gain
      }
    }
    return Tensor(
      elementType: .float32, geometry: TensorGeometry(contiguous: spec.shape, elementCount: count),
      storage: Storage(store))
  }

  /// splitmix64's output for a state.
  static func scramble(_ state: UInt64) -> UInt64 {
    var x = state
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }

  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
