import VisionModels

/// Resizes as Pillow does with `BILINEAR`: a triangle as wide as the scale, so that nothing between is skipped.
///
/// First along rows, then along columns, each rounded to 8 bits; weights are integers of 22 fractional bits. Rows are
/// taken as they come, and what is kept of them is as wide as the result.
/// Source: Pillow's `src/libImaging/Resample.c`.
package struct PillowResize: ImageRows {
  private static let precision: Int32 = 22
  private static let half: Int32 = 1 << (precision - 1)

  /// Which inputs make an output, and by how much.
  private struct Taps {
    let first: Int
    let weights: [Int32]
    var end: Int { first + weights.count }
  }

  /// What to make of an image of a size: the size of the whole result, and the part of it that is wanted.
  package struct Target {
    let size: PixelSize
    let columns: Range<Int>
    let rows: Range<Int>
  }

  private let orientation: Orientation
  private let makeTarget: (PixelSize) throws(VisionError) -> Target
  private var source = PixelSize(width: 0, height: 0)
  private var columns: [Taps] = []
  private var rows: [Taps] = []
  /// The rows that the result needs, of the image as it is seen.
  private var wanted = 0..<0
  /// Those rows, resized along their length.
  private var lines: [UInt8] = []
  /// Where rows of the file are columns of the image: the sums of each output column over the wanted rows.
  private var sums: [Int32] = []
  /// Where rows of the file are columns of the image: the outputs that each column is a part of.
  private var outputs: [Range<Int>] = []

  /// - Parameters:
  ///   - orientation: The orientation of the image in its file.
  ///   - target: Returns what to make, for the size of the image as it is seen.
  init(_ orientation: Orientation = .upright, to target: @escaping (PixelSize) throws(VisionError) -> Target) {
    self.orientation = orientation
    makeTarget = target
  }

  /// The image at another size.
  ///
  /// - Parameters:
  ///   - columns: The columns of the resized image to compute (default: all).
  ///   - rows: Which rows of it.
  package static func resized(
    _ image: Image, to size: PixelSize, columns: Range<Int>? = nil, rows: Range<Int>? = nil
  ) throws(VisionError) -> Image {
    let target = Target(size: size, columns: columns ?? 0..<size.width, rows: rows ?? 0..<size.height)
    return try resized(image) { _ in target }
  }

  /// A part of the image at another size.
  static func resized(
    _ image: Image, to target: @escaping (PixelSize) throws(VisionError) -> Target
  ) throws(VisionError) -> Image {
    var resize = PillowResize(to: target)
    try resize.begin(image.size)
    unsafe image.pixels.withUnsafeBufferPointer { unsafe resize.add($0, from: 0) }
    return resize.result
  }

  /// How many bytes of pixels and sums are kept while rows come.
  var keptByteCount: Int { lines.count + 4 * sums.count }

  mutating func begin(_ size: PixelSize) throws(VisionError) {
    source = size
    let seen = orientation.isTransposed ? PixelSize(width: size.height, height: size.width) : size
    let target = try makeTarget(seen)
    columns = Self.taps(seen.width, target.size.width, target.columns)
    rows = Self.taps(seen.height, target.size.height, target.rows)
    wanted = (rows.first?.first ?? 0)..<max(rows.last?.end ?? 0, rows.first?.first ?? 0)
    guard orientation.isTransposed else {
      lines = [UInt8](repeating: 0, count: 3 * wanted.count * columns.count)
      return
    }
    sums = [Int32](repeating: Self.half, count: 3 * wanted.count * columns.count)
    var (first, end) = (0, 0)
    outputs = (0..<seen.width).map { column in
      while end < columns.count, columns[end].first <= column { end += 1 }
      while first < end, columns[first].end <= column { first += 1 }
      return first..<end
    }
  }

  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, from first: Int) {
    let width = 3 * source.width
    for place in 0..<(bytes.count / max(width, 1)) {
      let row = unsafe UnsafeBufferPointer(rebasing: bytes[place * width..<(place + 1) * width])
      if orientation.isTransposed {
        unsafe addColumn(row, first + place)
      } else {
        unsafe addRow(row, first + place)
      }
    }
  }

  /// Resizes a row of the image along its length.
  private mutating func addRow(_ row: UnsafeBufferPointer<UInt8>, _ number: Int) {
    let number = orientation.isUpsideDown ? source.height - 1 - number : number
    guard wanted.contains(number) else { return }
    let step = orientation.isMirrored ? -3 : 3
    let origin = orientation.isMirrored ? 3 * (source.width - 1) : 0
    let columns = columns
    var place = 3 * (number - wanted.lowerBound) * columns.count
    unsafe lines.withUnsafeMutableBufferPointer { lines in
      for tap in columns {
        var (red, green, blue) = (Self.half, Self.half, Self.half)
        var pixel = origin + tap.first * step
        unsafe tap.weights.withUnsafeBufferPointer { weights in
          for place in weights.indices {
            let weight = unsafe weights[place]
            unsafe red &+= Int32(row[pixel]) &* weight
            unsafe green &+= Int32(row[pixel + 1]) &* weight
            unsafe blue &+= Int32(row[pixel + 2]) &* weight
            pixel += step
          }
        }
        unsafe lines[place] = Self.byte(red)
        unsafe lines[place + 1] = Self.byte(green)
        unsafe lines[place + 2] = Self.byte(blue)
        place += 3
      }
    }
  }

  /// Adds a row of the file, which is a column of the image, to the outputs that it is a part of.
  private mutating func addColumn(_ row: UnsafeBufferPointer<UInt8>, _ number: Int) {
    let number = orientation.isMirrored ? source.height - 1 - number : number
    // From the first wanted row on, downwards in the image.
    let first = orientation.isUpsideDown ? source.width - 1 - wanted.lowerBound : wanted.lowerBound
    let step = orientation.isUpsideDown ? -3 : 3
    let (count, columns, outputs) = (wanted.count, columns, outputs[number])
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      for output in outputs {
        let weight = columns[output].weights[number - columns[output].first]
        var pixel = 3 * first
        var place = 3 * output * count
        for _ in 0..<count {
          unsafe sums[place] &+= Int32(row[pixel]) &* weight
          unsafe sums[place + 1] &+= Int32(row[pixel + 1]) &* weight
          unsafe sums[place + 2] &+= Int32(row[pixel + 2]) &* weight
          pixel += step
          place += 3
        }
      }
    }
  }

  /// The part of the resized image that was wanted, once all rows are there.
  var result: Image {
    let (width, count) = (columns.count, wanted.count)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * rows.count)
    for tap in rows {
      for place in 0..<3 * width {
        var sum = Self.half
        for (number, weight) in tap.weights.enumerated() {
          let line = tap.first - wanted.lowerBound + number
          let value =
            orientation.isTransposed
            ? Self.byte(sums[3 * (place / 3 * count + line) + place % 3]) : lines[3 * line * width + place]
          sum &+= Int32(value) &* weight
        }
        pixels.append(Self.byte(sum))
      }
    }
    return Image(size: PixelSize(width: width, height: rows.count), pixels: pixels)
  }

  private static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(sum >> precision, 0), 255)) }

  /// The taps of some of an axis's outputs.
  private static func taps(_ inputs: Int, _ outputs: Int, _ wanted: Range<Int>) -> [Taps] {
    let scale = Double(inputs) / Double(outputs)
    let support = max(scale, 1)
    return wanted.map { output in
      let center = (Double(output) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), inputs)
      let weights = (first..<end).map { max(1 - abs((Double($0) - center + 0.5) / support), 0) }
      let sum = weights.reduce(0, +)
      return Taps(
        first: first,
        weights: weights.map { weight in
          Int32((sum == 0 ? weight : weight / sum) * Double(1 << precision) + 0.5)
        })
    }
  }
}
