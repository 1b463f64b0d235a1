extension Tensor {
  /// The same values in another type, worked out when they are asked for; itself where the type is its own.
  ///
  /// Formats that lack a type save its values in a wider one; turned back, each is what it was. A value that the type
  /// has not is rounded to the nearest, ties to even.
  ///
  /// - Throws: `unsupported` unless both types are floating-point numbers of 16 bits or more.
  package func converted(to type: ElementType) throws(CheckpointError) -> Tensor {
    if type == elementType { return self }
    let types: [ElementType] = [.float16, .bfloat16, .float32, .float64]
    guard types.contains(type), types.contains(elementType) else {
      throw CheckpointError(.unsupported, "A tensor of \(elementType) that is to be turned into \(type).")
    }
    let storage = Storage(
      .lazy(ConvertedElements(tensor: self, type: type)), byteCount: elementCount * type.byteCount,
      key: self.storage.key,
      location: self.storage.location, origin: self.storage.origin.derived())
    return Tensor(
      elementType: type, geometry: TensorGeometry(contiguous: shape, elementCount: elementCount), storage: storage,
      requiresGrad: requiresGrad)
  }
}

/// A tensor's elements in another floating-point type, in C order.
private struct ConvertedElements: StorageContents {
  let tensor: Tensor
  let type: ElementType

  func load() throws(CheckpointError) -> ByteStore {
    let values: [Double]
    do {
      values = try [Double](tensor)
    } catch {
      throw error as? CheckpointError ?? CheckpointError(.inputOutput, "\(error)")
    }
    return unsafe ByteStore(byteCount: values.count * type.byteCount) { target in
      for (place, value) in values.enumerated() {
        switch type {
        case .float16: unsafe target.storeBytes(of: value.halfBits, toByteOffset: place * 2, as: UInt16.self)
        case .bfloat16:
          unsafe target.storeBytes(of: Float(value).brainBits, toByteOffset: place * 2, as: UInt16.self)
        case .float32: unsafe target.storeBytes(of: Float(value), toByteOffset: place * 4, as: Float.self)
        default: unsafe target.storeBytes(of: value, toByteOffset: place * 8, as: Double.self)
        }
      }
    }
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    try unsafe load().withUnsafeBytes(body)
  }
}

extension Float {
  /// The bits of the nearest bfloat16, ties to even; a NaN stays one.
  fileprivate var brainBits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x0040 }
    return UInt16(truncatingIfNeeded: (bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16)
  }
}

extension Double {
  /// The bits of the nearest IEEE half, ties to even. (`Float16` does not exist on Intel Macs.)
  fileprivate var halfBits: UInt16 {
    let signBits: UInt16 = sign == .minus ? 0x8000 : 0
    if isNaN { return signBits | 0x7E00 }
    // Below 2^-14 halves lie 2^-24 apart; above, a thousand and twenty-four to each power of two.
    let step = Double(sign: .plus, exponent: Swift.max(magnitude == 0 ? -14 : exponent, -14) - 10, significand: 1)
    let rounded = (magnitude / step).rounded(.toNearestOrEven) * step
    guard rounded < 65_520 else { return signBits | 0x7C00 }
    if rounded < 0x1p-14 { return signBits | UInt16(rounded / 0x1p-24) }
    let fraction = UInt16((rounded / Double(sign: .plus, exponent: rounded.exponent, significand: 1) - 1) * 1024)
    return signBits | UInt16(rounded.exponent + 15) << 10 | fraction
  }
}
