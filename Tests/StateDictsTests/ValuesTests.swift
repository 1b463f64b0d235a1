import Foundation
import StateDicts
import Testing

/// Elements as Swift numbers, exact to the bit.
struct ValuesTests {
  @Test("every half is the float that IEEE 754 says it is")
  func halves() throws {
    let all = (0...UInt16.max).map { $0 }
    let values = try [Float](tensor(.float16, [all.count], littleEndian(all)))
    for (bits, value) in zip(all, values) {
      let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
      let sign = bits >> 15 == 0 ? 1.0 : -1
      let expected =
        switch exponent {
        case 31: fraction == 0 ? sign * .infinity : .nan
        case 0: sign * fraction * pow(2, -24)
        default: sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15))
        }
      let isRight = expected.isNaN ? value.isNaN : Double(value) == expected && value.sign == expected.sign
      if !isRight { Issue.record("half \(bits) is \(value), not \(expected)") }
    }
  }

  @Test("[Float16] takes halves as they are, and rounds wider numbers as torch does")
  func halvesAsTheyAre() throws {
    #if !(os(macOS) && arch(x86_64))
      let all = (0...UInt16.max).map { $0 }
      #expect(try [Float16](tensor(.float16, [all.count], littleEndian(all))).map(\.bitPattern) == all)
      #expect(try [Float16](Tensor([1.0009765625, 65536] as [Float], shape: [2])) == [1.0009765625, .infinity])
      // torch goes from float64 to float16 by way of float32.
      #expect(try [Float16](Tensor([1 + 0x1p-11 + 0x1p-40], shape: [1])).map(\.bitPattern) == [0x3C00])
      #expect(try [Float](Tensor([Float16(0.5)], shape: [1])) == [0.5])
    #endif
  }

  @Test("[Bool] takes bytes other than 0 for true, and integers only if they are 0 or 1")
  func truthValues() throws {
    #expect(try [Bool](tensor(.bool, [4], [0, 1, 2, 255])) == [false, true, true, true])
    #expect(try [Bool](Tensor([0, 1] as [Int64], shape: [2])) == [false, true])
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [Bool](Tensor([2] as [UInt8], shape: [1])) }
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [Bool](Tensor([1] as [Float], shape: [1])) }
  }

  @Test("A tensor of one element is a value, whatever its shape")
  func item() throws {
    #expect(try Tensor([7] as [Int64], shape: []).item(as: Int.self) == 7)
    let value: Float = try Tensor([0.5], shape: [1, 1]).item()
    #expect(value == 0.5)
    for count in [0, 2] {
      let values = [Float](repeating: 0, count: count)
      #expect(throws: CheckpointError(.malformedTensor, "")) {
        try Tensor(values, shape: [count]).item(as: Float.self)
      }
    }
  }

  @Test("every bfloat16 is the upper half of a float")
  func brainFloats() throws {
    let all = (0...UInt16.max).map { $0 }
    let values = try [Float](tensor(.bfloat16, [all.count], littleEndian(all)))
    for (bits, value) in zip(all, values) {
      let expected = Float(bitPattern: UInt32(bits) << 16)
      let isRight = expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
      if !isRight { Issue.record("bfloat16 \(bits) is \(value)") }
    }
  }

  @Test(
    "8-bit floats that a reader would look up",
    arguments: [
      (.float8_e4m3fn, 0x38, 1), (.float8_e4m3fn, 0x7E, 448), (.float8_e4m3fn, 0xFE, -448),
      (.float8_e4m3fn, 0x01, 0x1p-9), (.float8_e4m3fn, 0x08, 0x1p-6), (.float8_e4m3fn, 0x80, -0.0),
      (.float8_e4m3fn, 0x7F, .nan), (.float8_e4m3fn, 0xFF, .nan),
      (.float8_e4m3fnuz, 0x40, 1), (.float8_e4m3fnuz, 0x7F, 240), (.float8_e4m3fnuz, 0x01, 0x1p-10),
      (.float8_e4m3fnuz, 0x80, .nan), (.float8_e4m3fnuz, 0x00, 0),
      (.float8_e5m2, 0x3C, 1), (.float8_e5m2, 0x7B, 57344), (.float8_e5m2, 0x7C, .infinity),
      (.float8_e5m2, 0xFC, -.infinity), (.float8_e5m2, 0x7D, .nan), (.float8_e5m2, 0x01, 0x1p-16),
      (.float8_e5m2fnuz, 0x40, 1), (.float8_e5m2fnuz, 0x7F, 57344), (.float8_e5m2fnuz, 0x80, .nan),
      (.float8_e5m2fnuz, 0x01, 0x1p-17),
      (.float8_e8m0fnu, 0x7F, 1), (.float8_e8m0fnu, 0x00, 0x1p-127), (.float8_e8m0fnu, 0xFE, 0x1p127),
      (.float8_e8m0fnu, 0xFF, .nan),
    ] as [(ElementType, UInt8, Double)])
  func eightBitFloat(_ type: ElementType, _ bits: UInt8, _ expected: Double) throws {
    let value = try [Double](tensor(type, [1], [bits]))[0]
    #expect(expected.isNaN ? value.isNaN : value == expected && value.sign == expected.sign)
  }

  @Test(
    "every small float is the one that torch makes of it: the CRC-32 of all of them as floats, and how many are NaN",
    arguments: [
      (.float8_e4m3fn, "bcca99f4", 2), (.float8_e4m3fnuz, "cba13cd8", 1), (.float8_e5m2, "d73df2ea", 6),
      (.float8_e5m2fnuz, "30b9970e", 1), (.float8_e8m0fnu, "7ad9c259", 1), (.float16, "ef9d25e2", 2046),
      (.bfloat16, "b6ca4a2a", 254),
    ] as [(ElementType, String, Int)])
  func torchTables(_ type: ElementType, _ checksum: String, _ nanCount: Int) throws {
    let bytes = type.byteCount == 1 ? Array(UInt8.min...UInt8.max) : littleEndian(Array(UInt16.min...UInt16.max))
    let values = try [Float](tensor(type, [bytes.count / type.byteCount], bytes))
    #expect(values.count { $0.isNaN } == nanCount)
    // A NaN has many bit patterns, so 0 stands for each.
    let table = littleEndian(values.map { $0.isNaN ? 0 : $0 })
    #expect(unsafe table.withUnsafeBytes { unsafe Checksum(of: $0).hexadecimal } == checksum)
  }

  @Test("integers come as any type that holds them, and as no other")
  func integers() throws {
    let signed = try tensor(.int64, [3], littleEndian([Int64.min, -1, 127]))
    #expect(try [Int64](signed) == [.min, -1, 127])
    #expect(try [Int](signed) == [.min, -1, 127])
    #expect(try [Double](signed) == [-0x1p63, -1, 127])
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [Int8](signed) }
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [UInt64](signed) }
    let unsigned = try tensor(.uint64, [2], littleEndian([UInt64.max, 1]))
    #expect(try [UInt64](unsigned) == [.max, 1])
    #expect(try [Double](unsigned) == [0x1p64, 1])
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [Int](unsigned) }
    let small = try tensor(.uint8, [3], [0, 128, 255])
    #expect(try [Int16](small) == [0, 128, 255])
    #expect(try [UInt8](small) == [0, 128, 255])
    #expect(try [Float](small) == [0, 128, 255])
    #expect(throws: CheckpointError(.inexactConversion, "")) { try [Int8](small) }
    #expect(try [Int](tensor(.int8, [2], [0x80, 0x7F])) == [-128, 127])
    #expect(try [Int](tensor(.int16, [2], littleEndian([Int16.min, .max]))) == [-32768, 32767])
    #expect(try [Int](tensor(.uint16, [1], littleEndian([UInt16.max]))) == [65535])
    #expect(try [Int](tensor(.int32, [2], littleEndian([Int32.min, .max]))) == [-0x8000_0000, 0x7FFF_FFFF])
    #expect(try [Int](tensor(.uint32, [1], littleEndian([UInt32.max]))) == [0xFFFF_FFFF])
  }

  @Test("an integer that float cannot hold is the nearest float")
  func nearest() throws {
    #expect(try [Float](tensor(.int32, [1], littleEndian([Int32(16_777_217)]))) == [16_777_216])
    #expect(try [Float](tensor(.float64, [2], littleEndian([0.1, 1e300]))) == [0.1, .infinity])
  }

  @Test("a fraction is not rounded to an integer silently, a whole float neither")
  func fractions() throws {
    let error = #expect(throws: CheckpointError(.inexactConversion, "")) { try [Int](floats([1.0, 0.5])) }
    #expect(error?.message == "Element 0, float32 1.0, cannot be represented as Int.")
  }

  @Test("booleans are 0 and 1, whatever byte stands for true")
  func booleans() throws {
    let flags = try tensor(.bool, [3], [0, 1, 0xFF])
    #expect(try [Int](flags) == [0, 1, 1])
    #expect(try [Float](flags) == [0, 1, 1])
  }

  @Test(
    "elements that are no single numbers give their bytes and nothing else",
    arguments: [.complex64, .complex128, .complex32, .float4_e2m1fn_x2, .bits8, .bits16, .qint8, .quint8]
      as [ElementType])
  func noNumbers(_ type: ElementType) throws {
    let bytes = (0..<type.byteCount).map { UInt8($0 + 1) }
    let tensor = try tensor(type, [1], bytes)
    #expect(throws: CheckpointError(.unsupported, "")) { try [Double](tensor) }
    #expect(try tensor.gathered == bytes)
  }

  @Test("scalars and empty tensors have as many values as elements")
  func counts() throws {
    #expect(try [Float](floats([3], [])) == [3])
    #expect(try [Float](floats([], [0])) == [])
    #expect(try [Double](tensor(.float16, [2, 0], [])) == [])
    #expect(try [Int](view(storage([1, 2, 3, 4]), .uint8, [2, 2], strides: [1, 2])) == [1, 3, 2, 4])
  }

  @Test("bytes are the elements where they lie, and only there")
  func bytes() throws {
    let matrix = try view(storage(Array(UInt8(0)..<12)), .uint8, [2, 3], offset: 4)
    #expect(try copied(matrix) == [4, 5, 6, 7, 8, 9])
    let turned = try view(storage(Array(UInt8(0)..<12)), .uint8, [3, 2], strides: [1, 3])
    #expect(throws: CheckpointError(.unsupported, "")) { try copied(turned) }
    #expect(try copied(turned.contiguous()) == [0, 3, 1, 4, 2, 5])
    #expect(try copied(floats([], [0])).isEmpty)
  }

  private func copied(_ tensor: Tensor) throws -> [UInt8] {
    let span = try tensor.bytes
    var bytes: [UInt8] = []
    for place in 0..<span.byteCount { bytes.append(span.unsafeLoad(place)) }
    return bytes
  }

  @Test("a view expanded beyond memory is refused where it would be gathered, not where it is named")
  func expanded() throws {
    let wide = try view(storage([1, 2]), .uint8, [1 << 40], strides: [0])
    #expect(wide.byteCount == 1 << 40)
    #expect(throws: CheckpointError(.limitExceeded, "")) { try wide.contiguous() }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try [Float](wide) }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try StateDict([("w", wide)]).fingerprint() }
    #expect(throws: CheckpointError(.unsupported, "")) { try StateDict([("w", wide)]).write(toPath: "/dev/null/m.swt") }
    #expect(try [Int](view(storage([1, 2]), .uint8, [5], strides: [0], offset: 1)) == [2, 2, 2, 2, 2])
  }
}

extension RawSpan {
  fileprivate func unsafeLoad(_ place: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self) }
}
