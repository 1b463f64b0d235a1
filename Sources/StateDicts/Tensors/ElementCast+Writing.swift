/// The loops that write numbers as each type.
extension UnsafeMutableRawBufferPointer {
  @inline(__always)
  private func each<Wide: BitwiseCopyable, Raw: BitwiseCopyable>(
    _ numbers: UnsafeBufferPointer<Wide>, _ step: Int, _ convert: (Wide) -> Raw
  ) {
    if step == 1 {
      for place in 0..<numbers.count {
        unsafe storeBytes(
          of: convert(numbers[place]), toByteOffset: place &* MemoryLayout<Raw>.size, as: Raw.self)
      }
    } else {
      for place in 0..<numbers.count {
        unsafe storeBytes(
          of: convert(numbers[place]), toByteOffset: place &* step &* MemoryLayout<Raw>.size, as: Raw.self)
      }
    }
  }

  /// Writes floats, a NaN as one wherever the type has it.
  func write(_ numbers: UnsafeBufferPointer<Float>, as type: ElementType, _ step: Int) {
    switch type {
    case .float32: unsafe each(numbers, step) { $0 }
    case .float64: unsafe each(numbers, step) { Double($0) }
    case .float16: unsafe each(numbers, step) { $0.halfBits }
    case .bfloat16: unsafe each(numbers, step) { $0.bfloat16Bits }
    case .float8_e4m3fn: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: SmallFloat.e4m3fn.bits($0)) }
    case .float8_e4m3fnuz: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: SmallFloat.e4m3fnuz.bits($0)) }
    case .float8_e5m2: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: SmallFloat.e5m2.bits($0)) }
    case .float8_e5m2fnuz: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: SmallFloat.e5m2fnuz.bits($0)) }
    case .float8_e8m0fnu: unsafe each(numbers, step) { $0.e8m0fnuBits }
    default: unsafe writeIntegers(numbers, as: type, step)
    }
  }

  /// Writes doubles, by way of `Float` where the type has 32 bits or less.
  func write(_ numbers: UnsafeBufferPointer<Double>, as type: ElementType, _ step: Int) {
    if type == .float64 {
      unsafe each(numbers, step) { $0 }
    } else if type.isFloatingPoint {
      unsafe writeFloats(numbers.count, as: type, step) { unsafe Float(numbers[$0]) }
    } else {
      unsafe writeIntegers(numbers, as: type, step)
    }
  }

  /// Writes integers; `isUnsigned` tells that they are a `uint64`'s bits.
  func write(_ numbers: UnsafeBufferPointer<Int64>, isUnsigned: Bool, as type: ElementType, _ step: Int) {
    switch type {
    case .bool: unsafe each(numbers, step) { $0 == 0 ? UInt8(0) : 1 }
    case .uint8, .int8: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: $0) }
    case .uint16, .int16: unsafe each(numbers, step) { UInt16(truncatingIfNeeded: $0) }
    case .uint32, .int32: unsafe each(numbers, step) { UInt32(truncatingIfNeeded: $0) }
    case .uint64, .int64: unsafe each(numbers, step) { $0 }
    case .float64:
      unsafe each(numbers, step) { isUnsigned ? Double(UInt64(bitPattern: $0)) : Double($0) }
    default:
      unsafe writeFloats(numbers.count, as: type, step) { place in
        let number = unsafe numbers[place]
        return isUnsigned ? Float(UInt64(bitPattern: number)) : Float(number)
      }
    }
  }

  @inline(__always)
  private func writeFloats(_ count: Int, as type: ElementType, _ step: Int, _ number: (Int) -> Float) {
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { floats in
      for place in 0..<count { unsafe floats.initializeElement(at: place, to: number(place)) }
      unsafe write(UnsafeBufferPointer(floats), as: type, step)
    }
  }

  /// Cuts fractions off.
  ///
  /// What an integer type lacks is undefined in C++. This is what torch's loops give on x86, but for NaN and unsigned
  /// types, where they differ among themselves: a number beyond 32 bits (beyond 64 for wide and unsigned types) becomes
  /// the least one, which is then cut to the type's width.
  private func writeIntegers<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ numbers: UnsafeBufferPointer<Number>, as type: ElementType, _ step: Int
  ) {
    @inline(__always) func narrow(_ number: Number) -> Int32 { Int32(exactly: number.rounded(.towardZero)) ?? .min }
    @inline(__always) func wide(_ number: Number) -> Int64 { Int64(exactly: number.rounded(.towardZero)) ?? .min }
    switch type {
    case .bool: unsafe each(numbers, step) { $0 == 0 ? UInt8(0) : 1 }
    case .int8: unsafe each(numbers, step) { Int8(truncatingIfNeeded: narrow($0)) }
    case .uint8: unsafe each(numbers, step) { UInt8(truncatingIfNeeded: wide($0)) }
    case .int16, .uint16: unsafe each(numbers, step) { Int16(truncatingIfNeeded: narrow($0)) }
    case .int32: unsafe each(numbers, step) { narrow($0) }
    case .uint32: unsafe each(numbers, step) { UInt32(truncatingIfNeeded: wide($0)) }
    case .uint64:
      unsafe each(numbers, step) { number in
        UInt64(exactly: number.rounded(.towardZero)) ?? UInt64(bitPattern: wide(number))
      }
    default: unsafe each(numbers, step) { wide($0) }
    }
  }
}
