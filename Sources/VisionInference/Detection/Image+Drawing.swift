public import VisionModels

extension Image {
  /// Returns the image with a frame, the name of the class and the score for each detection.
  ///
  /// Detections with low scores are drawn first, so that the best can be read.
  public func drawing(_ detections: [Detection], labels: Labels) -> Image {
    var canvas = Canvas(size: size, pixels: pixels)
    for detection in detections.reversed() {
      let color = Canvas.color(of: detection.label)
      canvas.frame(detection.box, color)
      let percent = Int((detection.score * 100).rounded())
      canvas.caption("\(labels[detection.label]) \(percent)%", at: detection.box, color)
    }
    return Image(size: canvas.size, pixels: canvas.pixels)
  }
}

/// Pixels that are drawn on; what lies outside is left out.
private struct Canvas {
  let size: PixelSize
  var pixels: [UInt8]

  typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

  /// Colours that can be distinguished on most images, one per class.
  private static let colors: [Color] = [
    (230, 25, 75), (60, 180, 75), (0, 130, 200), (245, 130, 48), (145, 30, 180), (0, 128, 128), (240, 50, 230),
    (170, 110, 40), (128, 0, 0), (0, 0, 128),
  ]
  private static let white: Color = (255, 255, 255)
  private static let dot = 2
  private static let margin = 3

  static func color(of label: Int) -> Color { colors[(label % colors.count + colors.count) % colors.count] }

  mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ color: Color) {
    for row in rows.clamped(to: 0..<size.height) {
      for column in columns.clamped(to: 0..<size.width) {
        let place = 3 * (row * size.width + column)
        pixels[place] = color.red
        pixels[place + 1] = color.green
        pixels[place + 2] = color.blue
      }
    }
  }

  /// A frame two pixels wide on large pictures, one on small ones.
  mutating func frame(_ box: Box, _ color: Color) {
    let width = max(min(size.width, size.height) / 400, 1) + 1
    let (left, right) = edges(box.left, box.right, size.width, width)
    let (top, bottom) = edges(box.top, box.bottom, size.height, width)
    fill(left..<right, top..<top + width, color)
    fill(left..<right, bottom - width..<bottom, color)
    fill(left..<left + width, top..<bottom, color)
    fill(right - width..<right, top..<bottom, color)
  }

  private func edges(_ low: Float, _ high: Float, _ limit: Int, _ width: Int) -> (Int, Int) {
    func whole(_ value: Float) -> Int { value.isFinite ? Int(min(max(value, 0), Float(limit))) : 0 }
    let start = min(whole(low), max(limit - width, 0))
    return (start, max(whole(high.rounded(.up)), start + width))
  }

  /// White letters on the frame's colour, above the box where there is room, else within it.
  mutating func caption(_ text: String, at box: Box, _ color: Color) {
    let letter = (Font.width + 1) * Self.dot
    let width = text.count * letter + 2 * Self.margin
    let height = Font.height * Self.dot + 2 * Self.margin
    let corner = edges(box.left, box.right, size.width, 1).0
    let above = edges(box.top, box.bottom, size.height, 1).0
    let left = max(min(corner, size.width - width), 0)
    let top = above >= height ? above - height : min(above, max(size.height - height, 0))
    fill(left..<left + width, top..<top + height, color)
    for (index, character) in text.enumerated() {
      for (row, dots) in Font.rows(of: character).enumerated() {
        for column in 0..<Font.width where dots & (1 << (Font.width - 1 - column)) != 0 {
          let x = left + Self.margin + index * letter + column * Self.dot
          let y = top + Self.margin + row * Self.dot
          fill(x..<x + Self.dot, y..<y + Self.dot, Self.white)
        }
      }
    }
  }
}
