import Foundation
import StateDicts
import Testing
import VisionInference
import VisionModels

/// Pictures of every kind against Pillow's `convert("RGB")`; made by `TestData/recipes/images.py`.
struct ImageTests {
  struct Expected: Decodable {
    struct File: Decodable, CustomTestStringConvertible {
      let file: String
      let width: Int
      let height: Int
      let crc32: UInt32
      var testDescription: String { file }
    }
    struct Resized: Decodable {
      let width: Int
      let height: Int
      let crc32: UInt32
    }
    let files: [File]
    let resized: [Resized]
  }

  static let folder = Repository.fixture("images")

  static let expected: Expected? = try? JSONDecoder().decode(
    Expected.self, from: Data(contentsOf: folder.appending(path: "images.json")))

  private func checksum(_ image: Image) -> UInt32 {
    unsafe image.pixels.withUnsafeBytes { unsafe Checksum(of: $0).value }
  }

  @Test("a picture's values are Pillow's", arguments: expected?.files ?? [])
  func values(file: Expected.File) throws {
    let image = try Image(contentsOf: Self.folder.appending(path: file.file))
    #expect(image.size == PixelSize(width: file.width, height: file.height))
    #expect(checksum(image) == file.crc32)
  }

  @Test("resizing gives Pillow's bilinear values")
  func resizing() throws {
    let expected = try #require(Self.expected, "images.json is not there")
    #expect(expected.files.count == 42)
    let large = try Image(contentsOf: Self.folder.appending(path: "large.png"))
    for wanted in expected.resized {
      let size = PixelSize(width: wanted.width, height: wanted.height)
      #expect(try checksum(PillowResize.resized(large, to: size)) == wanted.crc32, "\(size)")
    }
  }

  @Test(
    "a picture that is cut short is refused wherever the cut falls", arguments: ["jpeg_420.jpg", "png_rgb.png"])
  func truncated(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: file)))
    for length in stride(from: 0, to: bytes.count - 16, by: 7) {
      #expect(throws: VisionError(.malformedImage, ""), "\(length) bytes") {
        try Image(decoding: Array(bytes.prefix(length)))
      }
    }
  }

  @Test(
    "damaged pictures end in an error or in pixels, never in a crash",
    arguments: ["jpeg_progressive.jpg", "jpeg_ycck.jpg", "png_palette.png", "png_interlaced_palette.png"])
  func damaged(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: file)))
    var refused = 0
    for place in stride(from: 2, to: bytes.count, by: 3) {
      var copy = bytes
      copy[place] ^= 0xA5
      do {
        let image = try Image(decoding: copy)
        #expect(image.pixels.count == 3 * image.size.width * image.size.height)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  @Test("a picture that says it has more pixels than are read is refused before memory is taken for them")
  func tooLarge() throws {
    var png = [UInt8](try Data(contentsOf: Self.folder.appending(path: "png_rgb.png")))
    // IHDR: width and height after the name, the checksum of all of it after five more bytes.
    for place in [16, 20] { png.replaceSubrange(place..<place + 4, with: [0, 1, 0x11, 0x70]) }
    let sum = unsafe png[12..<29].withUnsafeBytes { unsafe Checksum(of: $0).value }
    png.replaceSubrange(29..<33, with: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) })
    var jpeg = [UInt8](try Data(contentsOf: Self.folder.appending(path: "jpeg_420.jpg")))
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    for (bytes, size) in [(png, "70000x70000"), (jpeg, "65280x65280")] {
      let error = #expect(throws: VisionError.self) { try Image(decoding: bytes) }
      #expect(error?.code == .imageSize)
      #expect(error?.message == "The image has \(size) pixels; the limit is 268435456 pixels in total.")
    }
  }

  @Test("a part of a resized picture is that part of the whole, bit by bit")
  func cropping() throws {
    let large = try Image(contentsOf: Self.folder.appending(path: "large.png"))
    for (width, height) in [(300, 211), (364, 256), (120, 211), (300, 80), (37, 29)] {
      let size = PixelSize(width: width, height: height)
      let whole = try PillowResize.resized(large, to: size)
      let (columns, rows) = (width / 3..<width - 2, 5..<height / 2)
      let part = try PillowResize.resized(large, to: size, columns: columns, rows: rows)
      #expect(part.size == PixelSize(width: columns.count, height: rows.count))
      let expected = rows.flatMap { row in
        whole.pixels[3 * (row * width + columns.lowerBound)..<3 * (row * width + columns.upperBound)]
      }
      #expect(part.pixels == expected, "\(size)")
    }
  }

  @Test("what is no picture is refused with the file's name")
  func noPicture() throws {
    let url = Self.folder.appending(path: "images.json")
    let error = #expect(throws: VisionError.self) { try Image(contentsOf: url) }
    #expect(error?.code == .malformedImage)
    #expect(error?.file == url.path)
    let missing = #expect(throws: VisionError.self) { try Image(contentsOf: Self.folder.appending(path: "none.png")) }
    #expect(missing?.code == .notFound)
  }

  @Test("a written picture is read back as it was")
  func roundTrip() throws {
    let image = try seededImage(width: 61, height: 17, seed: 3)
    #expect(try Image(decoding: image.pngBytes()) == image)
  }
}
