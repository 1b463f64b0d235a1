/// The orientation of an image: EXIF tag 0x0112, 1 to 8.
///
///     FF E1 · length · "Exif" 00 00 · "II" 2A 00 · offset of the entries · count · { tag, type, count, value } …
struct Orientation: Equatable {
  /// Whether rows become columns; done first.
  let isTransposed: Bool
  let isMirrored: Bool
  let isUpsideDown: Bool

  static let upright = Orientation(isTransposed: false, isMirrored: false, isUpsideDown: false)

  private init(isTransposed: Bool, isMirrored: Bool, isUpsideDown: Bool) {
    self.isTransposed = isTransposed
    self.isMirrored = isMirrored
    self.isUpsideDown = isUpsideDown
  }

  /// By EXIF's number; upright for any other.
  init(exif number: Int) {
    switch number {
    case 2: self.init(isTransposed: false, isMirrored: true, isUpsideDown: false)
    case 3: self.init(isTransposed: false, isMirrored: true, isUpsideDown: true)
    case 4: self.init(isTransposed: false, isMirrored: false, isUpsideDown: true)
    case 5: self.init(isTransposed: true, isMirrored: false, isUpsideDown: false)
    case 6: self.init(isTransposed: true, isMirrored: true, isUpsideDown: false)
    case 7: self.init(isTransposed: true, isMirrored: true, isUpsideDown: true)
    case 8: self.init(isTransposed: true, isMirrored: false, isUpsideDown: true)
    default: self = .upright
    }
  }

  /// What a file says of itself; upright where it says nothing, or nothing that makes sense.
  init(ofFile bytes: [UInt8]) {
    let number = Self.exifBlock(of: bytes).flatMap { Self.orientationTag(in: bytes[$0]) }
    self.init(exif: number ?? 1)
  }

  /// Where the EXIF data of a JPEG (marker E1) or PNG (chunk eXIf) lies.
  private static func exifBlock(of bytes: [UInt8]) -> Range<Int>? {
    func number(at place: Int, _ count: Int) -> Int { bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) } }
    if bytes.first == 0xFF {
      var place = 2
      while place + 4 <= bytes.count, bytes[place] == 0xFF, bytes[place + 1] != 0xDA {
        let length = number(at: place + 2, 2)
        let end = place + 2 + length
        guard length >= 2, end <= bytes.count else { return nil }
        if bytes[place + 1] == 0xE1, bytes[place + 4..<end].starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
          return place + 10..<end
        }
        place = end
      }
    } else {
      var place = 8
      while place + 12 <= bytes.count {
        let length = number(at: place, 4)
        guard length <= bytes.count - place - 12 else { return nil }
        if bytes[place + 4..<place + 8].elementsEqual([0x65, 0x58, 0x49, 0x66]) {
          return place + 8..<place + 8 + length
        }
        place += length + 12
      }
    }
    return nil
  }

  /// The tag's value in TIFF data.
  private static func orientationTag(in tiff: ArraySlice<UInt8>) -> Int? {
    let isLittle = tiff.starts(with: [0x49, 0x49, 0x2A, 0])
    guard isLittle || tiff.starts(with: [0x4D, 0x4D, 0, 0x2A]) else { return nil }
    func number(at offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset <= tiff.count - count else { return nil }
      let digits = tiff.dropFirst(offset).prefix(count)
      return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let entries = number(at: 4, 4), let count = number(at: entries, 2) else { return nil }
    for index in 0..<count {
      let entry = entries + 2 + 12 * index
      guard let tag = number(at: entry, 2) else { return nil }
      if tag == 0x0112 { return number(at: entry + 8, 2) }
    }
    return nil
  }
}

extension Image {
  /// The image with its orientation applied.
  func oriented(_ orientation: Orientation) -> Image {
    if orientation == .upright { return self }
    let (width, height) = orientation.isTransposed ? (size.height, size.width) : (size.width, size.height)
    var turned = [UInt8]()
    turned.reserveCapacity(pixels.count)
    for row in 0..<height {
      let y = orientation.isUpsideDown ? height - 1 - row : row
      for column in 0..<width {
        let x = orientation.isMirrored ? width - 1 - column : column
        let source = 3 * (orientation.isTransposed ? x * size.width + y : y * size.width + x)
        turned.append(contentsOf: pixels[source..<source + 3])
      }
    }
    return Image(size: PixelSize(width: width, height: height), pixels: turned)
  }
}
