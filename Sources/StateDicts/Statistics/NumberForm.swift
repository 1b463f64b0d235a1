#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How the elements of a type are taken as numbers, and counted.
struct NumberForm: Sendable {
  private enum Counting {
    /// By the bit pattern of each byte or pair of bytes.
    case patterns
    /// All numbers are kept.
    case none
    /// By the leading 16 bits of the number as float32, which is rounded down.
    case leadingBits
  }

  private let type: ElementType
  private let counting: Counting

  init(_ type: ElementType, count: Int) {
    self.type = type
    counting =
      type.isComplex || type.byteCount > 2
      ? (count <= NumberSums.keptCount ? .none : .leadingBits)
      // A table of all patterns is larger than a small tensor.
      : (count > 1 << (8 * type.byteCount) || type.numberType.part == nil ? .patterns : .none)
  }

  /// How many counts there are.
  ///
  /// Elements are counted by two tables in turn: neighbours often have the same bits, and adding to a number that was
  /// just stored has to wait for the store.
  var countsCount: Int { 2 * patternCount }

  private var patternCount: Int {
    switch counting {
    case .patterns: type.byteCount == 1 ? 1 << 8 : 1 << 16
    case .none: 0
    case .leadingBits: 1 << 16
    }
  }

  /// Numbers taken at once: they stay in the first-level cache.
  private static let stepCount = 1024

  /// Adds the elements of a window, in C order.
  func add(_ window: UnsafeRawBufferPointer, _ sums: inout NumberSums, _ counts: inout [UInt32]) {
    if case .patterns = counting {
      return unsafe type.byteCount == 1
        ? window.countPatterns(as: UInt8.self, in: &counts) : window.countPatterns(as: UInt16.self, in: &counts)
    }
    let type = type.numberType
    guard let part = type.part else { return }
    for start in stride(from: 0, to: window.count, by: Self.stepCount * type.byteCount) {
      let count = min(Self.stepCount, (window.count - start) / type.byteCount)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: window[start..<start + count * type.byteCount])
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { floats in
        if type == .float32, case .leadingBits = counting {
          unsafe bytes.read(part, 1, to: floats)
          let all = UnsafeBufferPointer(floats)
          let finite = unsafe sums.add(all) ? all : floats.addOneByOne(to: &sums)
          unsafe finite.countLeadingBits(in: &counts)
          return
        }
        unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * count) { memory in
          let numbers = unsafe UnsafeMutableBufferPointer(rebasing: memory[0..<count])
          if type.isComplex {
            unsafe bytes.read(part, 1, to: memory)
            for place in 0..<count {
              unsafe numbers[place] = hypot(memory[2 * place], memory[2 * place + 1])
            }
          } else {
            unsafe bytes.read(part, 1, to: numbers)
          }
          let all = UnsafeBufferPointer(numbers)
          let finite = unsafe sums.add(all) ? all : numbers.addOneByOne(to: &sums)
          guard case .leadingBits = counting else { return unsafe sums.keep(finite) }
          for place in finite.indices { unsafe floats.initializeElement(at: place, to: Float(floor: finite[place])) }
          unsafe UnsafeBufferPointer(rebasing: floats[0..<finite.count]).countLeadingBits(in: &counts)
        }
      }
    }
  }

  /// The figures, from what all parts gave.
  func statistics(_ parts: [NumberSums], _ counts: [UInt64]) -> TensorStatistics {
    var sums = NumberSums()
    let counts = zip(counts.prefix(patternCount), counts.dropFirst(patternCount)).map { $0 + $1 }
    switch counting {
    case .patterns:
      let values = patternValues
      let each = values.count / patternCount
      var weighted: [(number: Double, count: Int)] = []
      for (pattern, count) in counts.enumerated() where count > 0 {
        for number in values[pattern * each..<(pattern + 1) * each] { weighted.append((number, Int(count))) }
      }
      for (number, count) in weighted { sums.add(number, times: count) }
      var result = sums.statistics
      result.count(weighted.lazy.filter { $0.number.isFinite }, areRounded: false)
      return result
    case .none:
      for part in parts { sums.add(part) }
      var result = sums.statistics
      result.count(sums.numbers.lazy.map { ($0, 1) }, areRounded: false)
      return result
    case .leadingBits:
      for part in parts { sums.add(part) }
      var result = sums.statistics
      let weighted = counts.enumerated().compactMap { bits, count in
        count == 0 ? nil : (number: Double(Float(bitPattern: UInt32(bits) << 16)), count: Int(count))
      }
      result.count(weighted, areRounded: true)
      return result
    }
  }

  private static let float4Values = (0..<1 << 8).flatMap { byte in
    let magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    return [byte & 15, byte >> 4].map { bits in bits < 8 ? magnitudes[bits] : -magnitudes[bits & 7] }
  }
  private static let quint4Values = (0..<1 << 8).flatMap { byte in [byte & 15, byte >> 4].map(Double.init) }
  private static let quint2Values = (0..<1 << 8).flatMap { byte in (0..<4).map { Double(byte >> (2 * $0) & 3) } }

  /// The numbers that each pattern holds, one after another.
  private var patternValues: [Double] {
    let count = patternCount
    switch type {
    case .float4_e2m1fn_x2: return Self.float4Values
    case .quint4x2: return Self.quint4Values
    case .quint2x4: return Self.quint2Values
    default:
      let type = type.numberType
      var values = [Double](repeating: 0, count: count)
      let patterns = (0..<count).map { UInt16($0).littleEndian }
      unsafe values.withUnsafeMutableBufferPointer { values in
        unsafe patterns.withUnsafeBytes { bytes in unsafe bytes.read(type, type.byteCount == 1 ? 2 : 1, to: values) }
      }
      return values
    }
  }
}

extension ElementType {
  /// The type as whose numbers the elements are taken: of quantized types the integers.
  fileprivate var numberType: ElementType {
    switch self {
    case .qint8: .int8
    case .quint8, .bits8, .bits1x8, .bits2x4, .bits4x2: .uint8
    case .qint32: .int32
    case .bits16: .uint16
    default: self
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Counts elements by their bits.
  fileprivate func countPatterns<Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    as _: Bits.Type, in counts: inout [UInt32]
  ) {
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      let second = counts.count / 2
      func bits(_ place: Int) -> Int {
        let bits = unsafe loadUnaligned(fromByteOffset: place &* MemoryLayout<Bits>.size, as: Bits.self)
        return Int(truncatingIfNeeded: bits)
      }
      let count = count / MemoryLayout<Bits>.size
      for pair in 0..<count / 2 {
        unsafe counts[bits(2 &* pair)] &+= 1
        unsafe counts[second &+ bits(2 &* pair &+ 1)] &+= 1
      }
      if count % 2 == 1 { unsafe counts[bits(count - 1)] &+= 1 }
    }
  }
}

extension UnsafeMutableBufferPointer where Element: BinaryFloatingPoint {
  /// Adds numbers of which some may not be finite, and moves the finite ones together.
  fileprivate func addOneByOne(to sums: inout NumberSums) -> UnsafeBufferPointer<Element> {
    var count = 0
    for place in indices {
      let number = unsafe self[place]
      sums.add(Double(number), times: 1)
      if number.isFinite {
        unsafe self[count] = number
        count += 1
      }
    }
    return unsafe UnsafeBufferPointer(rebasing: self[0..<count])
  }
}

extension UnsafeBufferPointer<Float> {
  /// Counts finite numbers by their leading bits.
  fileprivate func countLeadingBits(in counts: inout [UInt32]) {
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { patterns in
      for place in indices { unsafe patterns.initializeElement(at: place, to: self[place].bitPattern.leadingBits) }
      unsafe UnsafeRawBufferPointer(patterns).countPatterns(as: UInt32.self, in: &counts)
    }
  }
}
