import Foundation
import Testing

@testable import StateDicts

/// Tensors cut into boxes: of any geometry, each element once and from its place, whatever way it is read.
struct ElementGridTests {
  /// A number generator that gives the same numbers every time.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33 ^ state << 31
    }
  }

  private static let types: [ElementType] = [.uint8, .int16, .float32, .complex64, .complex128]

  /// A view whose dimensions lie in any order, with steps, repeated ones and an offset.
  private func view(
    of byteCount: Int, _ type: ElementType, _ numbers: inout Seeded, sizes: ClosedRange<Int>
  ) -> (shape: [Int], strides: [Int], offset: Int) {
    let elements = byteCount / type.byteCount
    while true {
      let shape = (0..<Int.random(in: 1...5, using: &numbers)).map { _ in Int.random(in: sizes, using: &numbers) }
      var strides = shape
      var next = Int.random(in: 1...3, using: &numbers)
      for axis in shape.indices.shuffled(using: &numbers) {
        strides[axis] = Int.random(in: 0..<8, using: &numbers) == 0 ? 0 : next
        next *= shape[axis] * Int.random(in: 1...2, using: &numbers)
      }
      let reach = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
      if reach <= elements, shape.reduce(1, *) < 1 << 20 {
        return (shape, strides, Int.random(in: 0...elements - reach, using: &numbers))
      }
    }
  }

  private func expected(
    _ bytes: [UInt8], _ type: ElementType, _ shape: [Int], _ strides: [Int], _ offset: Int
  ) -> [UInt8] {
    let width = type.byteCount
    var places = [offset]
    for (size, stride) in zip(shape, strides) { places = places.flatMap { p in (0..<size).map { p + $0 * stride } } }
    var result: [UInt8] = []
    result.reserveCapacity(places.count * width)
    for place in places { result.append(contentsOf: bytes[place * width..<(place + 1) * width]) }
    return result
  }

  @Test("views of random shapes, orders, steps and offsets are gathered, from memory and from a file", arguments: types)
  func random(_ type: ElementType) throws {
    var numbers = Seeded(state: UInt64(type.byteCount))
    let bytes = (0..<1 << 21).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let folder = try TemporaryFolder()
    try folder.write(bytes, "bytes")
    let mapped = try ByteStore(path: FilePath(folder.path("bytes")), .mapped)
    let file = Storage(.region(mapped, offset: 0), byteCount: bytes.count, key: "0", origin: .memory)
    for round in 0..<24 {
      let (shape, strides, offset) = view(of: bytes.count, type, &numbers, sizes: round < 12 ? 1...9 : 10...70)
      let values = expected(bytes, type, shape, strides, offset)
      for storage in [storage(bytes), file] {
        let tensor = try StateDictsTests.view(storage, type, shape, strides: strides, offset: offset)
        let gathered = try tensor.gathered
        #expect(gathered == values, "\(shape) \(strides) \(offset)")
        let windowed = try tensor.windowed
        #expect(windowed == values, "\(shape) \(strides) \(offset)")
      }
    }
  }

  @Test("a scattered tensor of more than a box is written in boxes that all threads read, plain and converted")
  func shared() throws {
    let (rows, columns) = (1100, 4001)
    let numbers = (0..<rows * columns).map { Float($0 % 65_521) }
    let folder = try TemporaryFolder()
    try folder.write(littleEndian(numbers), "bytes")
    let store = try ByteStore(path: FilePath(folder.path("bytes")), .mapped)
    let file = Storage(.region(store, offset: 0), byteCount: store.count, key: "0", origin: .memory)
    let turned = try StateDictsTests.view(file, .float32, [columns, rows], strides: [1, columns])
    let (own, shared) = (ElementGrid([turned]), ElementGrid([turned], isShared: true))
    #expect(own.count > 1 && own.isScattered && shared.count < own.count)
    try StateDict([("turned", turned), ("cast", turned.converted(to: .float64))]).write(toPath: folder.path("m.swt"))
    let written = try StateDict(contentsOf: URL(fileURLWithPath: folder.path("m.swt")))
    let expected = (0..<columns).flatMap { column in (0..<rows).map { numbers[$0 * columns + column] } }
    #expect(try [Float](#require(written["turned"])) == expected)
    #expect(try [Double](#require(written["cast"])) == expected.map(Double.init))
  }

  @Test("boxes have each element once, in runs that follow one another", arguments: types)
  func boxes(_ type: ElementType) throws {
    var numbers = Seeded(state: 7)
    let empty = Storage(
      .region(ByteStore(copying: []), offset: 0), byteCount: 1 << 40, key: "0", origin: .memory)
    for isInOrder in [false, true] {
      for shape in [[3000, 5000], [40, 300, 1200], [7, 200, 30, 400], [5, 6, 50, 100, 90]] {
        for _ in 0..<4 {
          var strides = shape
          var next = 1
          for axis in shape.indices.shuffled(using: &numbers) { (strides[axis], next) = (next, next * shape[axis]) }
          let tensor = try StateDictsTests.view(empty, type, shape, strides: strides)
          let grid = ElementGrid([tensor], isInOrder: isInOrder)
          var runs: [Range<Int>] = []
          for number in 0..<grid.count {
            let box = grid[number]
            #expect(
              ElementPieces(grid.walks[0], box.shape).byteCount <= ElementGrid.boxByteCount << (isInOrder ? 4 : 0))
            var position = 0
            grid.forEachWindow(box, upTo: Tensor.windowByteCount / type.byteCount) { range, parts in
              #expect(range.lowerBound == position && parts.first?.range.lowerBound == position)
              position = range.upperBound
              for part in parts { runs.append(part.place..<part.place + part.range.count) }
              #expect(parts.reduce(0) { $0 + $1.range.count } == range.count)
            }
            #expect(position == box.shape.reduce(1, *))
          }
          if isInOrder { #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }) }
          var end = 0
          for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            #expect(run.lowerBound == end)
            end = run.upperBound
          }
          #expect(end == shape.reduce(1, *))
        }
      }
    }
  }

  @Test("a large transposed tensor of a file is copied right, its source's checksum held, and a damaged one refused")
  func large() throws {
    let folder = try TemporaryFolder()
    let (rows, columns) = (16384, 600)
    let numbers = (0..<rows * columns).map { UInt32(truncatingIfNeeded: $0) }
    try folder.write(littleEndian(numbers), "source")
    let store = try ByteStore(path: FilePath(folder.path("source")), .mapped)
    let checksum = try store.checksum(of: 0..<store.count)
    func tensor(_ checksum: Checksum) throws -> Tensor {
      let storage = Storage(
        .region(store, offset: 0), byteCount: store.count, key: "0", checksum: checksum,
        origin: StorageOrigin(file: "source"))
      return try StateDictsTests.view(storage, .uint32, [columns, rows], strides: [1, columns])
    }
    let sound = try StateDict([("w", tensor(checksum))])
    try sound.write(toPath: folder.path("out.swt"))
    let written = try StateDict(contentsOf: folder.url.appending(path: "out.swt"))
    #expect(try written.fingerprint() == sound.fingerprint())
    #expect(try written.difference(from: sound).isEmpty)
    let values = try [UInt32](#require(written["w"]))
    for place in stride(from: 0, to: values.count, by: 997) {
      #expect(values[place] == UInt32(place % rows * columns + place / rows))
    }
    let damaged = try StateDict([("w", tensor(Checksum(checksum.value ^ 1)))])
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try damaged.write(toPath: folder.path("other.swt")) }
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try damaged.fingerprint() }
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try damaged.difference(from: sound) }
  }

  @Test("where the mapped file has been replaced, its bytes come from the mapping")
  func replaced() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<1 << 22).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    try folder.write(bytes, "source")
    let store = try ByteStore(path: FilePath(folder.path("source")), .mapped)
    try FileManager.default.removeItem(atPath: folder.path("source"))
    try folder.write([UInt8](repeating: 9, count: bytes.count), "source")
    var part = [UInt8](repeating: 0, count: 100)
    try unsafe part.withUnsafeMutableBytes { try unsafe store.read(at: 5000, into: $0) }
    #expect(part == Array(bytes[5000..<5100]))
  }
}
