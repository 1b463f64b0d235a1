import Foundation
import StateDicts
import Testing
import VisionModels

@testable import VisionInference

/// Files are decoded row by row, to the same values as a whole image, in the memory of what a model sees.
struct ImageBoundsTests {
  static let folder = ImageTests.folder

  static let files: [String] = (ImageTests.expected?.files ?? []).map(\.file)

  @Test("a classifier sees the same of a file as of the image in memory", arguments: files)
  func crops(file: String) throws {
    let url = Self.folder.appending(path: file)
    let whole = try ClassificationTransform.Crop(Image(contentsOf: url))
    #expect(try ClassificationTransform.Crop(at: FilePath(url)) == whole)
  }

  @Test("a detector sees the same of a file as of the image in memory", arguments: files)
  func samples(file: String) throws {
    let url = Self.folder.appending(path: file)
    for (minSize, maxSize) in [(48, 64), (20, 90)] {
      var options = DetectionOptions()
      (options.minSize, options.maxSize) = (minSize, maxSize)
      let transform = DetectionTransform(options: options)
      let image = try Image(contentsOf: url)
      // An image of one row has none left if it is made smaller.
      guard let whole = try? transform.samples(image) else { continue }
      let found = try transform.samples(at: FilePath(url))
      #expect(found.size == image.size)
      #expect(found.resizedSize == whole.resizedSize)
      #expect(found.columns.lowWeight == whole.columns.lowWeight && found.rows.lowWeight == whole.rows.lowWeight)
      #expect(pixels(found) == pixels(whole))
    }
  }

  /// The pixels that make each pixel of the result.
  private func pixels(_ samples: ImageSamples) -> [UInt8] {
    var pixels: [UInt8] = []
    for (low, high) in zip(samples.rows.low, samples.rows.high) {
      for row in [low, high] {
        for (left, right) in zip(samples.columns.low, samples.columns.high) {
          for column in [left, right] {
            let start = row * samples.rowByteCount + 3 * column
            pixels += samples.pixels[start..<start + 3]
          }
        }
      }
    }
    return pixels
  }

  @Test(
    "what is kept of an image is as large as what the model sees, however large the image is",
    arguments: [(1, 1_000_000), (1_000_000, 1), (16384, 16384), (1_000_000, 268)], [1, 6])
  func kept(size: (Int, Int), orientation: Int) throws {
    let size = PixelSize(width: size.0, height: size.1)
    var resize = PillowResize(Orientation(exif: orientation), to: ClassificationTransform.target)
    try resize.begin(size)
    #expect(resize.keptByteCount < 40 << 20)
    guard min(size.width, size.height) > 1000 else { return }
    var samples = ImageSamples(Orientation(exif: orientation)) { size throws(VisionError) in
      try DetectionTransform(options: DetectionOptions()).resizedSize(size)
    }
    try samples.begin(size)
    #expect(samples.pixels.count <= 3 * 4 * 1333 * 1333)
  }

  @Test("an image whose rows are known only at its end has a limit of its own")
  func interlaced() throws {
    var png = [UInt8](try Data(contentsOf: Self.folder.appending(path: "png_interlaced.png")))
    // IHDR: width and height after the name, the checksum of all of it after five more bytes.
    for place in [16, 20] { png.replaceSubrange(place..<place + 4, with: [0, 0, 0x20, 0]) }
    let sum = unsafe png[12..<29].withUnsafeBytes { unsafe Checksum(of: $0).value }
    png.replaceSubrange(29..<33, with: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) })
    let error = #expect(throws: VisionError.self) { try Image(decoding: png) }
    #expect(error?.code == .imageSize)
    #expect(error?.message.contains("interlaced and has 8192x8192 pixels") == true)
  }

  @Test("a progressive JPEG with very many scans is refused")
  func scans() throws {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: "jpeg_progressive.jpg")))
    let last = try #require(bytes.indices.last { bytes[$0...].starts(with: [0xFF, 0xDA]) })
    let scan = Array(bytes[last..<bytes.count - 2])
    var many = Array(bytes[..<(bytes.count - 2)])
    for _ in 0..<200 { many += scan }
    many += [0xFF, 0xD9]
    #expect(throws: VisionError(.malformedImage, "")) { try Image(decoding: many) }
  }
}
