/// A floating-point format of 8 or 16 bits whose values are all `Float`s; numbers become its bits as torch has it.
///
///     format      exponent  fraction   bias   largest    beyond it
///     float16         5        10       15     65504     infinity
///     e4m3fn          4         3        7       448     448
///     e4m3fnuz        4         3        8       240     NaN, whose bits are 0x80
///     e5m2            5         2       15     57344     infinity
///     e5m2fnuz        5         2       16     57344     NaN, whose bits are 0x80
///
/// Source: `Half.h` and `Float8_*.h` in torch 2.13's `torch/headeronly/util`. (`Float16` does not exist on Intel Macs.)
struct SmallFloat: Sendable {
  let fractionBits: UInt32
  let bias: UInt32
  /// The sign's place.
  let signShift: UInt32
  /// From which magnitude on, as a `Float`'s bits, a number is too large, whatever rounding makes of those below.
  let limit: UInt32
  /// The bits of what is too large.
  let beyond: UInt32
  /// The bits of a NaN.
  let notANumber: UInt32
  /// `fnuz`: no infinities, no negative zero, whose bits are the one NaN.
  private var isUnsignedZero: Bool { notANumber == 0x80 }

  static let float16 = SmallFloat(
    fractionBits: 10, bias: 15, signShift: 15, limit: 143 << 23, beyond: 0x7C00, notANumber: 0x7E00)
  static let e4m3fn = SmallFloat(
    fractionBits: 3, bias: 7, signShift: 7, limit: 0x43E8_0000, beyond: 0x7E, notANumber: 0x7F)
  static let e4m3fnuz = SmallFloat(
    fractionBits: 3, bias: 8, signShift: 7, limit: 135 << 23, beyond: 0x80, notANumber: 0x80)
  static let e5m2 = SmallFloat(
    fractionBits: 2, bias: 15, signShift: 7, limit: 143 << 23, beyond: 0x7C, notANumber: 0x7F)
  static let e5m2fnuz = SmallFloat(
    fractionBits: 2, bias: 16, signShift: 7, limit: 143 << 23, beyond: 0x80, notANumber: 0x80)

  /// The bits of the nearest value, ties to even.
  ///
  /// Without branches, so that a loop over it converts several numbers at once.
  @inline(__always)
  func bits(_ value: Float) -> UInt32 {
    let shift = 23 &- fractionBits
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    let odd = magnitude &>> shift & 1
    let normal = (magnitude &+ ((1 &<< (shift &- 1)) &- 1) &+ odd &- (127 &- bias) &<< 23) &>> shift
    // Below the least normal number, values lie as far apart as floats do around this one.
    let mask = (151 &- bias &- fractionBits) &<< 23
    let subnormal = (Float(bitPattern: magnitude) + Float(bitPattern: mask)).bitPattern &- mask
    var bits = magnitude < (128 &- bias) &<< 23 ? subnormal : normal
    bits = magnitude >= limit ? beyond : bits
    bits = magnitude > 0x7F80_0000 ? notANumber : bits
    return isUnsignedZero && bits == 0 ? 0 : bits | (value.bitPattern &>> 31) &<< signShift
  }

  /// The value of an 8-bit float.
  private func value(_ bits: UInt8) -> Float {
    let magnitude = UInt32(bits & 0x7F)
    let isNaN = isUnsignedZero ? bits == 0x80 : magnitude > (beyond == 0x7C ? 0x7C : 0x7E)
    if isNaN { return .nan }
    let sign: Float = bits & 0x80 == 0 ? 1 : -1
    if !isUnsignedZero, magnitude == 0x7C, beyond == 0x7C { return sign * .infinity }
    let fraction = magnitude & ((1 << fractionBits) - 1)
    let exponent = magnitude >> fractionBits
    let significand = Float(exponent == 0 ? fraction : fraction | 1 << fractionBits)
    let power = Int(max(exponent, 1)) - Int(bias) - Int(fractionBits)
    return sign * significand * Float(sign: .plus, exponent: power, significand: 1)
  }

  /// The values of all 8-bit patterns.
  private var table: [Float] { (UInt8.min...UInt8.max).map(value) }

  static let e4m3fnValues = e4m3fn.table
  static let e4m3fnuzValues = e4m3fnuz.table
  static let e5m2Values = e5m2.table
  static let e5m2fnuzValues = e5m2fnuz.table
  /// `float8_e8m0fnu`: a power of two and nothing else, used as a scale.
  static let e8m0fnuValues = (UInt8.min...UInt8.max).map { bits in
    bits == 0xFF ? Float.nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
  }
}

extension Float {
  /// An IEEE half by its bits.
  ///
  /// A half's exponent and fraction, moved to where a float has them, make a float 2^112 times too small; infinities
  /// and NaNs, whose exponent is all ones, are told apart.
  @inline(__always)
  package init(halfBits bits: UInt16) {
    let magnitude = UInt32(bits & 0x7FFF) &<< 13
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special = 0x7F80_0000 | magnitude
    self.init(bitPattern: UInt32(bits & 0x8000) &<< 16 | (bits & 0x7C00 == 0x7C00 ? special : scaled))
  }

  /// The IEEE half nearest to the number, ties to even, by its bits.
  @inline(__always)
  package var halfBits: UInt16 { UInt16(truncatingIfNeeded: SmallFloat.float16.bits(self)) }

  /// The bfloat16 nearest to the number, ties to even, by its bits; a NaN stays one.
  @inline(__always)
  package var bfloat16Bits: UInt16 {
    let rounded = (bitPattern &+ 0x7FFF &+ (bitPattern &>> 16 & 1)) &>> 16
    return UInt16(truncatingIfNeeded: isNaN ? 0x7FC0 : rounded)
  }

  /// The power of two nearest to the magnitude, by the bits of `float8_e8m0fnu`: halfway goes up, among the subnormal
  /// numbers down, as torch has it.
  @inline(__always)
  var e8m0fnuBits: UInt8 {
    let exponent = bitPattern &>> 23 & 0xFF
    let fraction = bitPattern & 0x7F_FFFF
    let isUp = exponent < 0xFF && (fraction > 0x40_0000 || fraction == 0x40_0000 && exponent > 0)
    return UInt8(truncatingIfNeeded: exponent &+ (isUp ? 1 : 0))
  }
}
