import VisionModels

/// The pixels of an image that a detector sees, which is never in memory as a whole: resized without antialiasing, each
/// output pixel needs two columns of two rows.
struct ImageSamples: ImageRows, Sendable {
  private let orientation: Orientation
  private let makeTarget: @Sendable (PixelSize) throws(VisionError) -> PixelSize
  /// The size of the whole image as it is seen.
  private(set) var size = PixelSize(width: 0, height: 0)
  /// The size that it is resized to.
  private(set) var resizedSize = PixelSize(width: 0, height: 0)
  /// The samples of each row and column of the output, by their places in `pixels`.
  private(set) var rows = LinearSamples(1, 0)
  private(set) var columns = LinearSamples(1, 0)
  private(set) var pixels: [UInt8] = []
  private(set) var rowByteCount = 0
  private var source = PixelSize(width: 0, height: 0)
  private var neededRows: [Int] = []
  private var neededColumns: [Int] = []
  /// The place of each row of the file among those that are needed; -1 for others.
  private var places: [Int32] = []

  /// The samples of an image in memory.
  ///
  /// - Throws: What `target` throws.
  init(
    _ image: Image, to target: (PixelSize) throws(VisionError) -> PixelSize
  ) throws(VisionError) {
    orientation = .upright
    makeTarget = { $0 }
    size = image.size
    resizedSize = try target(size)
    rows = LinearSamples(size.height, resizedSize.height)
    columns = LinearSamples(size.width, resizedSize.width)
    pixels = image.pixels
    rowByteCount = 3 * size.width
  }

  /// No samples yet; they are taken from the rows as they come.
  init(_ orientation: Orientation, to target: @escaping @Sendable (PixelSize) throws(VisionError) -> PixelSize) {
    self.orientation = orientation
    makeTarget = target
  }

  mutating func begin(_ size: PixelSize) throws(VisionError) {
    source = size
    self.size = orientation.isTransposed ? PixelSize(width: size.height, height: size.width) : size
    resizedSize = try makeTarget(self.size)
    let rows = LinearSamples(self.size.height, resizedSize.height)
    let columns = LinearSamples(self.size.width, resizedSize.width)
    (neededRows, neededColumns) = (rows.needed, columns.needed)
    self.rows = rows.renumbered(neededRows)
    self.columns = columns.renumbered(neededColumns)
    rowByteCount = 3 * neededColumns.count
    pixels = [UInt8](repeating: 0, count: rowByteCount * neededRows.count)
    places = [Int32](repeating: -1, count: size.height)
    let isReversed = orientation.isTransposed ? orientation.isMirrored : orientation.isUpsideDown
    for (place, number) in (orientation.isTransposed ? neededColumns : neededRows).enumerated() {
      places[isReversed ? size.height - 1 - number : number] = Int32(truncatingIfNeeded: place)
    }
  }

  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, from first: Int) {
    let width = 3 * source.width
    for number in 0..<(bytes.count / max(width, 1)) where places[first + number] >= 0 {
      let row = unsafe UnsafeBufferPointer(rebasing: bytes[number * width..<(number + 1) * width])
      let place = Int(places[first + number])
      // A row of the file is a row of the image, or a column.
      let needed = orientation.isTransposed ? neededRows : neededColumns
      let isReversed = orientation.isTransposed ? orientation.isUpsideDown : orientation.isMirrored
      let step = orientation.isTransposed ? rowByteCount : 3
      var target = orientation.isTransposed ? 3 * place : place * rowByteCount
      for input in needed {
        let start = 3 * (isReversed ? source.width - 1 - input : input)
        for channel in 0..<3 { pixels[target + channel] = unsafe row[start + channel] }
        target += step
      }
    }
  }
}

/// The two neighbours of each output pixel on one axis, and their weights.
struct LinearSamples: Sendable {
  var low: [Int] = []
  var high: [Int] = []
  var lowWeight: [Float] = []
  var highWeight: [Float] = []

  init(_ inputs: Int, _ outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    for index in 0..<outputs {
      let place = max(scale * (Float(index) + 0.5) - 0.5, 0)
      let first = min(Int(place), inputs - 1)
      let fraction = min(max(place - Float(first), 0), 1)
      low.append(first)
      high.append(first < inputs - 1 ? first + 1 : first)
      lowWeight.append(1 - fraction)
      highWeight.append(fraction)
    }
  }

  /// The inputs that some output needs, in order, each once.
  var needed: [Int] { Set(low + high).sorted() }

  /// Returns the samples with inputs numbered by their places among those that are needed.
  func renumbered(_ needed: [Int]) -> LinearSamples {
    let places = Dictionary(uniqueKeysWithValues: zip(needed, 0...))
    var samples = self
    samples.low = low.map { places[$0] ?? 0 }
    samples.high = high.map { places[$0] ?? 0 }
    return samples
  }
}
