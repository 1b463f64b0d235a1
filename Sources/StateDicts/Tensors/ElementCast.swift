/// Turns elements of one type into another's, value for value as torch's `Tensor.to(dtype)` does on a CPU.
///
///     bytes of `source` ─▶ Float, Double or Int64, 1024 at a time ─▶ bytes of `target`
///
/// Each type is read as the least of the three that holds all its values, so there is one loop for each type and
/// direction, not one for each pair. As in torch, a float64 or an integer becomes a float of 16 bits or less by way of
/// float32: 1 + 2^-11 + 2^-40 becomes the half 1, not the one above it.
package struct ElementCast: Sendable {
  package let source: ElementType
  package let target: ElementType

  /// How many numbers did not stay what they were.
  package struct Losses: Equatable, Sendable {
    /// Finite numbers that became other finite ones.
    package var rounded = 0
    /// Numbers that became infinite or NaN, or that the integer type cannot hold.
    package var overflowed = 0

    package mutating func add(_ other: Losses) {
      rounded += other.rounded
      overflowed += other.overflowed
    }
  }

  /// Creates a cast; nil where torch has none, as for quantized elements and 4-bit floats.
  package init?(from source: ElementType, to target: ElementType) {
    guard source.part != nil, target.part != nil else { return nil }
    (self.source, self.target) = (source, target)
  }

  /// Elements taken at once: in both forms they stay in the first-level cache.
  private static let stepCount = 1024

  /// Converts elements in C order, little-endian, to memory for as many.
  package func convert(_ bytes: UnsafeRawBufferPointer, to result: UnsafeMutableRawBufferPointer) {
    var losses: Losses?
    unsafe convert(bytes, to: result, losses: &losses)
  }

  /// Converts elements and, unless `losses` is nil, counts the numbers that changed, which takes several times as long.
  package func convert(
    _ bytes: UnsafeRawBufferPointer, to result: UnsafeMutableRawBufferPointer, losses: inout Losses?
  ) {
    guard source != target else { return unsafe result.copyMemory(from: bytes) }
    // What loses nothing need not be counted.
    if losses != nil, target.holdsAll(of: source) { return unsafe convert(bytes, to: result) }
    let count = bytes.count / source.byteCount
    for start in stride(from: 0, to: count, by: Self.stepCount) {
      let count = min(Self.stepCount, count - start)
      let from = unsafe UnsafeRawBufferPointer(rebasing: bytes[(start * source.byteCount)...])
      let to = unsafe UnsafeMutableRawBufferPointer(
        rebasing: result[start * target.byteCount..<(start + count) * target.byteCount])
      switch (source.isComplex, target.isComplex) {
      case (true, true):
        unsafe convertParts(from, 1, to, 1, 2 * count, &losses)
      case (false, true):
        unsafe to.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe convertParts(from, 1, to, 2, count, &losses)
      case (true, false) where target == .bool:
        // True where one of the parts is not zero.
        unsafe withUnsafeTemporaryAllocation(byteCount: count * 2, alignment: 8) { parts in
          unsafe convertParts(from, 1, parts, 1, 2 * count, &losses)
          for place in 0..<count { unsafe to[place] = parts[2 * place] | parts[2 * place + 1] }
        }
      default:
        unsafe convertParts(from, source.isComplex ? 2 : 1, to, 1, count, &losses)
      }
    }
  }

  /// Converts real numbers that lie `sourceStep` and `targetStep` apart.
  private func convertParts(
    _ bytes: UnsafeRawBufferPointer, _ sourceStep: Int, _ result: UnsafeMutableRawBufferPointer, _ targetStep: Int,
    _ count: Int, _ losses: inout Losses?
  ) {
    guard let source = source.part, let target = target.part else { return }
    func wide<Wide: BitwiseCopyable>(
      _: Wide.Type, isPlain: Bool, _ read: (UnsafeMutableBufferPointer<Wide>) -> Void,
      _ write: (UnsafeBufferPointer<Wide>) -> Losses?
    ) -> Losses? {
      // Numbers that lie as they are used are used where they lie.
      if isPlain, sourceStep == 1, Int(bitPattern: bytes.baseAddress) % MemoryLayout<Wide>.alignment == 0 {
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Wide>.size)])
          .withMemoryRebound(to: Wide.self) { unsafe write($0) }
      }
      return unsafe withUnsafeTemporaryAllocation(of: Wide.self, capacity: count) { numbers in
        unsafe read(numbers)
        return unsafe write(UnsafeBufferPointer(numbers))
      }
    }
    let isCounting = losses != nil
    let lost: Losses?
    if source == .float64 {
      lost = unsafe wide(Double.self, isPlain: true) {
        unsafe bytes.read(source, sourceStep, to: $0)
      } _: {
        unsafe result.write($0, as: target, targetStep)
        return isCounting ? unsafe result.losses(of: $0, as: target, targetStep) : nil
      }
    } else if source.isFloatingPoint {
      lost = unsafe wide(Float.self, isPlain: source == .float32) {
        unsafe bytes.read(source, sourceStep, to: $0)
      } _: {
        unsafe result.write($0, as: target, targetStep)
        guard isCounting else { return nil }
        let isSmall = target.isFloatingPoint && target.byteCount < 4 && target != .float8_e4m3fn
        return isSmall
          ? unsafe result.losses(of: $0, asSmall: target, targetStep)
          : unsafe result.losses(of: $0, as: target, targetStep)
      }
    } else {
      lost = unsafe wide(Int64.self, isPlain: source == .int64 || source == .uint64) {
        unsafe bytes.read(source, sourceStep, to: $0)
      } _: {
        unsafe result.write($0, isUnsigned: source == .uint64, as: target, targetStep)
        return isCounting ? unsafe result.losses(of: $0, isUnsigned: source == .uint64, as: target, targetStep) : nil
      }
    }
    losses?.rounded += lost?.rounded ?? 0
    losses?.overflowed += lost?.overflowed ?? 0
  }
}

extension ElementType {
  /// Whether each number of another floating-point type is one of this type, so that a conversion loses nothing (but what
  /// tells NaNs apart).
  package func holdsAll(of other: ElementType) -> Bool {
    switch (other, self) {
    case _ where other == self: true
    case (.float32, .float64): true
    case (.float16, .float32), (.float16, .float64), (.bfloat16, .float32), (.bfloat16, .float64): true
    case (.float8_e4m3fn, _), (.float8_e4m3fnuz, _), (.float8_e5m2, _), (.float8_e5m2fnuz, _):
      [.float16, .bfloat16, .float32, .float64].contains(self)
    case (.float8_e8m0fnu, _): [.bfloat16, .float32, .float64].contains(self)
    case (.complex32, .complex64), (.complex32, .complex128), (.complex64, .complex128): true
    default: false
    }
  }

  /// The real type that elements are made of; nil for those that are no numbers by themselves.
  var part: ElementType? {
    switch self {
    case .complex32: .float16
    case .complex64: .float32
    case .complex128: .float64
    case .float4_e2m1fn_x2, .bits8, .bits16, .bits1x8, .bits2x4, .bits4x2, .qint8, .quint8, .qint32, .quint4x2,
      .quint2x4:
      nil
    default: self
    }
  }
}
