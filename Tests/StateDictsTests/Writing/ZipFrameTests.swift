import Foundation
import Testing

@testable import StateDicts

/// Archives that we write, held against the format by reading their bytes here.
struct ZipFrameTests {
  /// The bytes of a file whose rows have these contents.
  private func file(_ frame: ZipFrame) throws -> [UInt8] {
    let sums = try frame.rows.map { Checksum(of: try $0.tensor.gathered) }
    var bytes = frame.head(sums)
    for (place, row) in frame.rows.enumerated() {
      #expect(bytes.count == row.offset)
      bytes += try row.tensor.gathered
      if place + 1 < frame.rows.count { bytes += frame.gap(after: place, sums[place]) }
    }
    return bytes + frame.tail(sums)
  }

  private func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  @Test("payloads begin at multiples of 64, and the directory says where, how long and with what checksum")
  func layout() throws {
    let contents: [(String, ZipFrame.Content)] = [
      ("a/data.pkl", .bytes([1, 2, 3])), ("a/empty", .tensor(try floats([]))),
      ("a/data/0", .tensor(try floats([1, 2, 3]))),
      ("a/x.npy", .tensor(try floats([4]))), ("a/version", .bytes(Array("3\n".utf8))),
      ("a/id", .serializationID),
    ]
    // One of the tensors has a header.
    let header = { @Sendable (tensor: Tensor) -> [UInt8] in tensor.elementCount == 1 ? [9, 9] : [] }
    let bytes = try file(ZipFrame(contents, header: header))
    let end = bytes.count - 22
    #expect(Array(bytes[end..<end + 4]) == [0x50, 0x4B, 5, 6])
    #expect(Array(bytes[end - 76..<end - 72]) == [0x50, 0x4B, 6, 6])
    var place = number(bytes, end + 16, 4)
    #expect(number(bytes, end - 76 + 48, 8) == place && number(bytes, end - 20 + 8, 8) == end - 76)
    for (name, content) in contents {
      #expect(number(bytes, place, 4) == 0x0201_4B50)
      let (sum, size) = (number(bytes, place + 16, 4), number(bytes, place + 24, 4))
      let start = number(bytes, place + 42, 4)
      #expect(String(decoding: bytes[place + 46..<place + 46 + number(bytes, place + 28, 2)], as: UTF8.self) == name)
      #expect(number(bytes, start, 4) == 0x0403_4B50)
      let payload = start + 30 + number(bytes, start + 26, 2) + number(bytes, start + 28, 2)
      #expect(payload % 64 == 0)
      #expect(Checksum(of: Array(bytes[payload..<payload + size])).value == UInt32(sum))
      switch content {
      case .bytes(let all): #expect(Array(bytes[payload..<payload + size]) == all)
      case .tensor(let tensor):
        #expect(try Array(bytes[payload..<payload + size]) == header(tensor) + tensor.gathered)
      case .serializationID: #expect(size == 40)
      }
      if size > 0 {
        #expect(number(bytes, payload + size, 4) == 0x0807_4B50)
        #expect(number(bytes, payload + size + 4, 4) == sum)
      }
      place += 46 + number(bytes, place + 28, 2) + number(bytes, place + 30, 2)
    }
  }

  @Test("a record of more than 4 GiB, and one behind it, have their numbers in zip64 fields")
  func large() throws {
    // A view that repeats its one float: nothing is read of it here.
    let large = try view(storage([0, 0, 0, 0]), .float32, [5 << 28], strides: [0])
    let frame = try ZipFrame([
      ("a/data/0", .tensor(large)), ("a/data/1", .tensor(try floats([1]))),
      ("a/version", .bytes([1])),
    ])
    let sums = [Checksum(), Checksum()]
    let first = frame.head(sums)
    #expect(number(first, 30 + 8, 2) == 1 && number(first, 30 + 8 + 4, 8) == 5 << 30)
    let gap = frame.gap(after: 0, sums[0])
    // A descriptor of 24 bytes, and a header with its own offset.
    #expect(number(gap, 8, 8) == 5 << 30 && number(gap, 24, 4) == 0x0403_4B50)
    #expect(number(gap, 24 + 30 + 8, 2) == 1 && number(gap, 24 + 30 + 8 + 4, 8) == frame.rows[0].end + 24)
    #expect(frame.rows.allSatisfy { $0.offset % 64 == 0 })
    #expect(frame.rows[1].offset == frame.rows[0].end + gap.count)
    let tail = frame.tail(sums)
    let end = tail.count - 22
    #expect(number(tail, end + 16, 4) == 0xFFFF_FFFF && number(tail, end - 76 + 48, 8) > 5 << 30)
  }

  @Test("a name that a zip archive cannot have is refused")
  func longName() {
    #expect(throws: CheckpointError(.unsupported, "")) {
      try ZipFrame([(String(repeating: "n", count: 70_000), .bytes([]))])
    }
  }
}
