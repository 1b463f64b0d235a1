import Foundation
import Testing

@testable import StateDicts

/// Casts held against torch's `Tensor.to(dtype)`, pair by pair.
struct CastTests {
  static let types = ElementType.allCases.filter { $0.part != nil }
  static let testData = Repository.testData
  static let python = ProcessInfo.processInfo.environment["PTH2SWT_PYTHON"]

  /// What torch made of the edge values, as `TestData/recipes/casts.py` says.
  private struct Table: Decodable {
    let inputs: [String: String]
    let outcomes: [String: String]
  }

  private func cast(_ bytes: [UInt8], _ source: ElementType, _ target: ElementType) throws -> [UInt8] {
    let cast = try #require(ElementCast(from: source, to: target))
    var result = [UInt8](repeating: 0xAA, count: bytes.count / source.byteCount * target.byteCount)
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe result.withUnsafeMutableBytes { unsafe cast.convert(bytes, to: $0) }
    }
    return result
  }

  /// The cast's result with 0xFF for every NaN, and for what C++ leaves undefined and torch's loops differ in.
  private func outcome(_ bytes: [UInt8], _ source: ElementType, _ target: ElementType) throws -> [UInt8] {
    var result = try cast(bytes, source, target)
    let part = try #require(target.part)
    let width = part.byteCount
    let isReal = source.isComplex || source.isFloatingPoint
    guard part.isFloatingPoint || isReal && target != .bool else { return result }
    let numbers = part.isFloatingPoint ? result : bytes
    let type = part.isFloatingPoint ? part : try #require(source.part)
    let step = part.isFloatingPoint ? 1 : source.isComplex ? 2 : 1
    var values = [Double](repeating: 0, count: result.count / width)
    unsafe numbers.withUnsafeBytes { numbers in
      unsafe values.withUnsafeMutableBufferPointer { unsafe numbers.read(type, step, to: $0) }
    }
    for (place, value) in values.enumerated() {
      let whole = value.rounded(.towardZero)
      let isUnsigned = target == .uint32 || target == .uint64
      let isSaid = !value.isNaN && (!isUnsigned || whole >= 0 && whole < (width == 4 ? 0x1p32 : 0x1p64))
      if !isSaid { for byte in place * width..<(place + 1) * width { result[byte] = 0xFF } }
    }
    return result
  }

  private func input(_ type: ElementType, _ table: Table) throws -> [UInt8] {
    switch type {
    case .bool: return [0, 1]
    case .complex32, .complex64, .complex128:
      let part = try #require(type.part)
      let parts = try input(part, table)
      let numbers = stride(from: 0, to: parts.count, by: part.byteCount).map { parts[$0..<$0 + part.byteCount] }
      return zip(numbers, numbers.reversed()).flatMap { $0 + $1 }
    case .float32: return try cast(input(.float64, table), .float64, .float32)
    case .uint32, .uint64, .int32, .int64, .float64:
      let name = type == .float64 ? "float64" : type.byteCount == 4 ? "int32" : "int64"
      let digits = Array(try #require(table.inputs[name]).utf8)
      return try stride(from: 0, to: digits.count, by: 2).map { place in
        try #require(UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16))
      }
    default: return type.byteCount == 1 ? Array(0...255) : littleEndian(Array(UInt16.min...UInt16.max))
    }
  }

  @Test("edge values of every pair of types become what torch makes of them", arguments: types)
  func edges(_ source: ElementType) throws {
    let file = Self.testData.appending(path: "fixtures/casts/casts.json")
    let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
    let bytes = try input(source, table)
    for target in Self.types {
      let result = try outcome(bytes, source, target)
      let checksum = unsafe result.withUnsafeBytes { unsafe Checksum(of: $0).hexadecimal }
      #expect(checksum == table.outcomes["\(source) \(target)"], "\(source) to \(target)")
    }
  }

  @Test(
    "random numbers of every pair of types become what torch makes of them",
    .enabled(if: python != nil, "PTH2SWT_PYTHON names no Python with torch"))
  func random() throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [Self.testData.appending(path: "check_casts.py").path, folder.url.path, "20000", "9"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    for source in Self.types {
      let bytes = try folder.contents("\(source).in")
      for target in Self.types {
        let (ours, torchs) = (try outcome(bytes, source, target), try folder.contents("\(source) \(target).out"))
        guard ours != torchs else { continue }
        let byte = zip(ours, torchs).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
        let element = byte / target.byteCount
        let number = bytes[element * source.byteCount..<(element + 1) * source.byteCount]
        Issue.record("\(source) to \(target): element \(element), bytes \(Array(number))")
      }
    }
  }

  @Test("a float64 becomes a half by way of float32, as in torch")
  func twice() throws {
    let number = try Tensor([1 + 0x1p-11 + 0x1p-40], shape: [1])
    #expect(try number.converted(to: .float16).gathered == [0x00, 0x3C])
    #expect(try number.converted(to: .float16).windowed == [0x00, 0x3C])
  }

  @Test("numbers that were rounded and those that do not fit are counted")
  func losses() throws {
    func losses<Number: TensorScalar>(_ numbers: [Number], to type: ElementType) throws -> ElementCast.Losses {
      let cast = try #require(ElementCast(from: Number.elementType, to: type))
      var losses: ElementCast.Losses? = .init()
      var result = [UInt8](repeating: 0, count: numbers.count * type.byteCount)
      unsafe numbers.withUnsafeBytes { numbers in
        unsafe result.withUnsafeMutableBytes { unsafe cast.convert(numbers, to: $0, losses: &losses) }
      }
      return try #require(losses)
    }
    #expect(
      try losses([1, 0.5, 0.1, 65504, 65519, 65520, .infinity, .nan] as [Float], to: .float16)
        == .init(rounded: 2, overflowed: 1))
    #expect(try losses([1, 448, 479, 480, -1000] as [Float], to: .float8_e4m3fn) == .init(rounded: 0, overflowed: 3))
    #expect(try losses([1, 1.5, -1, 3e9, .nan] as [Double], to: .int32) == .init(rounded: 1, overflowed: 2))
    #expect(try losses([1, -1, 255, 256] as [Int64], to: .uint8) == .init(rounded: 0, overflowed: 2))
    #expect(try losses([.max, 1] as [UInt64], to: .int64) == .init(rounded: 0, overflowed: 1))
    #expect(try losses([1 << 24, 1 << 24 + 1] as [Int32], to: .float32) == .init(rounded: 1, overflowed: 0))
    #expect(try losses([Float](repeating: 0.1, count: 5000), to: .bfloat16) == .init(rounded: 5000, overflowed: 0))
  }

  @Test("elements that torch converts to nothing else are refused")
  func refused() throws {
    #expect(throws: CheckpointError(.unsupported, "")) { try tensor(.bits8, [1], [1]).converted(to: .float32) }
    #expect(throws: CheckpointError(.unsupported, "")) { try floats([1]).converted(to: .float4_e2m1fn_x2) }
    #expect(throws: CheckpointError(.inexactConversion, "")) {
      try floats([1.5]).converted(to: .int32, exactly: true).gathered
    }
  }
}
