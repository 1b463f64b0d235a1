/// The loops that read numbers of each type as `Float`, `Double` or `Int64`, the least that holds them all.
///
/// `step` is how many numbers lie from one to the next: 2 for the real parts of complex ones.
extension UnsafeRawBufferPointer {
  @inline(__always)
  private func each<Raw: BitwiseCopyable, Wide: BitwiseCopyable>(
    _: Raw.Type, _ step: Int, _ target: UnsafeMutableBufferPointer<Wide>, _ convert: (Raw) -> Wide
  ) {
    if step == 1 {
      for place in 0..<target.count {
        let raw = unsafe loadUnaligned(fromByteOffset: place &* MemoryLayout<Raw>.size, as: Raw.self)
        unsafe target.initializeElement(at: place, to: convert(raw))
      }
    } else {
      for place in 0..<target.count {
        let raw = unsafe loadUnaligned(fromByteOffset: place &* step &* MemoryLayout<Raw>.size, as: Raw.self)
        unsafe target.initializeElement(at: place, to: convert(raw))
      }
    }
  }

  private func look(_ step: Int, _ target: UnsafeMutableBufferPointer<Float>, _ table: [Float]) {
    unsafe table.withUnsafeBufferPointer { table in
      unsafe each(UInt8.self, step, target) { unsafe table[Int($0)] }
    }
  }

  /// Reads floating-point numbers of 32 bits or less.
  func read(_ type: ElementType, _ step: Int, to target: UnsafeMutableBufferPointer<Float>) {
    switch type {
    case .float32: unsafe each(Float.self, step, target) { $0 }
    case .float16: unsafe each(UInt16.self, step, target) { Float(halfBits: $0) }
    case .bfloat16: unsafe each(UInt16.self, step, target) { Float(bitPattern: UInt32($0) &<< 16) }
    case .float8_e4m3fn: unsafe look(step, target, SmallFloat.e4m3fnValues)
    case .float8_e4m3fnuz: unsafe look(step, target, SmallFloat.e4m3fnuzValues)
    case .float8_e5m2: unsafe look(step, target, SmallFloat.e5m2Values)
    case .float8_e5m2fnuz: unsafe look(step, target, SmallFloat.e5m2fnuzValues)
    default: unsafe look(step, target, SmallFloat.e8m0fnuValues)
    }
  }

  /// Reads floating-point numbers of any width, and integers, which may be rounded.
  func read(_ type: ElementType, _ step: Int, to target: UnsafeMutableBufferPointer<Double>) {
    if type == .float64 {
      unsafe each(Double.self, step, target) { $0 }
    } else if type.isFloatingPoint {
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: target.count) { floats in
        unsafe read(type, step, to: floats)
        for place in 0..<target.count { unsafe target.initializeElement(at: place, to: Double(floats[place])) }
      }
    } else {
      unsafe withUnsafeTemporaryAllocation(of: Int64.self, capacity: target.count) { integers in
        unsafe read(type, step, to: integers)
        for place in 0..<target.count {
          let integer = unsafe integers[place]
          unsafe target.initializeElement(
            at: place, to: type == .uint64 ? Double(UInt64(bitPattern: integer)) : Double(integer))
        }
      }
    }
  }

  /// Reads booleans and integers; those of `uint64` by their bits.
  func read(_ type: ElementType, _ step: Int, to target: UnsafeMutableBufferPointer<Int64>) {
    switch type {
    case .bool: unsafe each(UInt8.self, step, target) { $0 == 0 ? 0 : 1 }
    case .uint8: unsafe each(UInt8.self, step, target) { Int64($0) }
    case .int8: unsafe each(Int8.self, step, target) { Int64($0) }
    case .uint16: unsafe each(UInt16.self, step, target) { Int64($0) }
    case .int16: unsafe each(Int16.self, step, target) { Int64($0) }
    case .uint32: unsafe each(UInt32.self, step, target) { Int64($0) }
    case .int32: unsafe each(Int32.self, step, target) { Int64($0) }
    default: unsafe each(Int64.self, step, target) { $0 }
    }
  }
}
