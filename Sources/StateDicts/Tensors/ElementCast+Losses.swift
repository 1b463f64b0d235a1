/// Compares numbers with their converted values.
extension UnsafeMutableRawBufferPointer {
  /// What was lost of floats that were written here as a type of 16 bits or less: without branches, so that the loop
  /// compares several numbers at once.
  func losses(of numbers: UnsafeBufferPointer<Float>, asSmall type: ElementType, _ step: Int) -> ElementCast.Losses {
    var (rounded, overflowed) = (UInt32(0), UInt32(0))
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: numbers.count) { results in
      unsafe UnsafeRawBufferPointer(self).read(type, step, to: results)
      for place in 0..<numbers.count {
        let (number, result) = unsafe (numbers[place], results[place])
        let isChanged: UInt32 = number == result || number != number ? 0 : 1
        let isFinite = result.bitPattern & 0x7F80_0000 != 0x7F80_0000
        rounded &+= isFinite ? isChanged : 0
        overflowed &+= isFinite ? 0 : isChanged
      }
    }
    return ElementCast.Losses(rounded: Int(rounded), overflowed: Int(overflowed))
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
