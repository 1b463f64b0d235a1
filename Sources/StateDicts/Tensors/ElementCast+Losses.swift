/// Compares numbers with their converted values.
extension UnsafeMutableRawBufferPointer {
  /// What was lost of floats that were written here as a type of 16 bits or less.
  func losses(of numbers: UnsafeBufferPointer<Float>, asSmall type: ElementType, _ step: Int) -> ElementCast.Losses {
    @inline(__always) func half(_ place: Int) -> UInt16 {
      unsafe UnsafeRawBufferPointer(self).loadUnaligned(fromByteOffset: place &* 2, as: UInt16.self)
    }
    switch type {
    case .bfloat16 where step == 1:
      return unsafe losses(of: numbers) { Float(bitPattern: UInt32(half($0)) &<< 16) }
    case .float16 where step == 1:
      return unsafe losses(of: numbers) { Float(halfBits: half($0)) }
    default:
      return unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: numbers.count) { results in
        unsafe UnsafeRawBufferPointer(self).read(type, step, to: results)
        return unsafe losses(of: numbers) { unsafe results[$0] }
      }
    }
  }

  /// What was lost of floats that became others: in integers and without branches, so that the loop compares several at
  /// once.
  @inline(__always)
  private func losses(of numbers: UnsafeBufferPointer<Float>, _ result: (Int) -> Float) -> ElementCast.Losses {
    let infinity: Int32 = 0x7F80_0000
    var (changed, rounded) = (UInt32(0), UInt32(0))
    for place in 0..<numbers.count {
      let (number, result) = (unsafe numbers[place].bitPattern, result(place).bitPattern)
      // Signed, as processors compare them.
      let size = Int32(bitPattern: number & 0x7FFF_FFFF)
      let resultSize = Int32(bitPattern: result & 0x7FFF_FFFF)
      // A zero may lose its sign, in a type that has one zero.
      let isChanged: UInt32 = (number != result ? 1 : 0) & (size <= infinity ? 1 : 0) & (size | resultSize != 0 ? 1 : 0)
      changed &+= isChanged
      rounded &+= isChanged & (resultSize < infinity ? 1 : 0)
    }
    return ElementCast.Losses(rounded: Int(rounded), overflowed: Int(changed &- rounded))
  }

  /// What was lost of floating-point numbers that were written here.
  func losses<Number: BinaryFloatingPoint>(
    of numbers: UnsafeBufferPointer<Number>, as type: ElementType, _ step: Int
  ) -> ElementCast.Losses {
    var losses = ElementCast.Losses()
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: numbers.count) { results in
      unsafe UnsafeRawBufferPointer(self).read(type, step, to: results)
      for place in 0..<numbers.count {
        let (number, result) = unsafe (Double(numbers[place]), results[place])
        if number == result || number.isNaN && result.isNaN { continue }
        // `float8_e4m3fn` has no infinity: torch takes its largest number.
        let isBeyond = type == .float8_e4m3fn && number.magnitude > 464
        let isHeld = type.isFloatingPoint ? result.isFinite && !isBeyond : number.rounded(.towardZero) == result
        if isHeld { losses.rounded += 1 } else { losses.overflowed += 1 }
      }
    }
    return losses
  }

  /// What was lost of integers that were written here; `isUnsigned` tells that they are a `uint64`'s bits.
  func losses(
    of numbers: UnsafeBufferPointer<Int64>, isUnsigned: Bool, as type: ElementType, _ step: Int
  ) -> ElementCast.Losses {
    var losses = ElementCast.Losses()
    if type.isFloatingPoint {
      unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: numbers.count) { results in
        unsafe UnsafeRawBufferPointer(self).read(type, step, to: results)
        for place in 0..<numbers.count {
          let (number, result) = unsafe (numbers[place], results[place])
          let isSame =
            isUnsigned ? UInt64(exactly: result) == UInt64(bitPattern: number) : Int64(exactly: result) == number
          if isSame { continue }
          if result.isFinite { losses.rounded += 1 } else { losses.overflowed += 1 }
        }
      }
    } else {
      unsafe withUnsafeTemporaryAllocation(of: Int64.self, capacity: numbers.count) { results in
        unsafe UnsafeRawBufferPointer(self).read(type, step, to: results)
        for place in 0..<numbers.count {
          let (number, result) = unsafe (numbers[place], results[place])
          let isSame = number == result && (number >= 0 || isUnsigned == (type == .uint64))
          if !isSame { losses.overflowed += 1 }
        }
      }
    }
    return losses
  }
}
