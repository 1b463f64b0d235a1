public import VisionModels

extension Image {
  /// Returns the image with a frame, the name of the class and the score for each detection.
  ///
  /// Frames have an outline that stands out from them, so that they are seen on any background. Captions keep apart where
  /// there is room; where there is none, those of high scores are on top.
  public func drawing(_ detections: [Detection], labels: Labels) -> Image {
    var canvas = Canvas(size: size, pixels: pixels)
    var places = CaptionPlaces(size: size)
    var captions: [(text: String, area: PixelArea, color: Canvas.Color)] = []
    for detection in detections {
      let percent = Int((detection.score * 100).rounded())
      let text = canvas.fitting(labels[detection.label], " \(percent)%")
      let size = canvas.captionSize(of: text)
      captions.append(
        (
          text, places.place(width: size.width, height: size.height, at: canvas.area(of: detection.box)),
          Canvas.color(of: detection.label)
        ))
    }
    // The best last, on top of the others.
    for detection in detections.reversed() {
      canvas.frame(canvas.area(of: detection.box), Canvas.color(of: detection.label))
    }
    for (text, area, color) in captions.reversed() { canvas.caption(text, in: area, color) }
    return Image(size: canvas.size, pixels: canvas.pixels)
  }
}

/// Pixels that are drawn on; what lies outside is left out.
struct Canvas {
  let size: PixelSize
  var pixels: [UInt8]
  /// The width of a frame and of a letter's dot.
  private let line: Int
  private let dot: Int

  typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

  init(size: PixelSize, pixels: [UInt8]) {
    (self.size, self.pixels) = (size, pixels)
    let side = min(size.width, size.height)
    line = max(side / 400, 1) + 1
    dot = side < 240 ? 1 : max(side / 350, 2)
  }

  /// Colours that can be distinguished on most images.
  private static let colors: [Color] = [
    (230, 25, 75), (60, 180, 75), (0, 130, 200), (245, 130, 48), (145, 30, 180), (0, 128, 128), (240, 50, 230),
    (170, 110, 40), (128, 0, 0), (0, 0, 128),
  ]
  private static let white: Color = (255, 255, 255)
  private static let black: Color = (0, 0, 0)

  /// The colour of a class: the same in every image, and another for each class.
  static func color(of label: Int) -> Color {
    if colors.indices.contains(label) { return colors[label] }
    // Hues a golden angle apart, light and dark in turn.
    let number = Double(label.magnitude % 100_000)
    let hue = (number * 0.381_966_011_25).truncatingRemainder(dividingBy: 1) * 6
    let (low, high) = label.isMultiple(of: 2) ? (20.0, 200.0) : (60.0, 255.0)
    func part(_ shift: Double) -> UInt8 {
      let place = (hue + shift).truncatingRemainder(dividingBy: 6)
      let share = min(max(abs(place - 3) - 1, 0), 1)
      return UInt8(low + share * (high - low))
    }
    return (part(0), part(4), part(2))
  }

  /// Black or white, whichever stands out more from a colour: always by a ratio of 4.5 or more.
  static func contrast(to color: Color) -> Color {
    // The relative luminance of WCAG 2, with 2.2 for its exponent's curve: 0.179 is as far from black as from white.
    func linear(_ value: UInt8) -> Double {
      let part = Double(value) / 255
      return part * part * (0.8 + 0.2 * part)
    }
    let luminance = 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
    return luminance > 0.179 ? black : white
  }

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

  /// The pixels of a box, inside the image and no smaller than a frame.
  func area(of box: Box) -> PixelArea {
    let (left, right) = edges(box.left, box.right, size.width)
    let (top, bottom) = edges(box.top, box.bottom, size.height)
    return PixelArea(left: left, top: top, width: right - left, height: bottom - top)
  }

  private func edges(_ low: Float, _ high: Float, _ limit: Int) -> (Int, Int) {
    func whole(_ value: Float) -> Int { value.isFinite ? Int(min(max(value, 0), Float(limit))) : 0 }
    let start = min(whole(low), max(limit - line, 0))
    return (start, max(whole(high.rounded(.up)), start + line))
  }

  /// A frame with an outline on both sides.
  mutating func frame(_ area: PixelArea, _ color: Color) {
    let outline = Self.contrast(to: color)
    ring(area, outset: 1, width: line + 2, outline)
    ring(area, outset: 0, width: line, color)
  }

  private mutating func ring(_ area: PixelArea, outset: Int, width: Int, _ color: Color) {
    let (left, right) = (area.left - outset, area.left + area.width + outset)
    let (top, bottom) = (area.top - outset, area.top + area.height + outset)
    fill(left..<right, top..<top + width, color)
    fill(left..<right, bottom - width..<bottom, color)
    fill(left..<left + width, top..<bottom, color)
    fill(right - width..<right, top..<bottom, color)
  }

  private var margin: Int { dot + 1 }

  /// The text without the end of its name, if it would be wider than the image.
  func fitting(_ name: String, _ end: String) -> String {
    let letters = max((size.width - 2 * margin) / ((Font.width + 1) * dot), 1)
    guard name.count + end.count > letters else { return name + end }
    return name.prefix(max(letters - end.count, 1)) + end
  }

  func captionSize(of text: String) -> PixelSize {
    PixelSize(
      width: text.count * (Font.width + 1) * dot + 2 * margin, height: Font.height * dot + 2 * margin)
  }

  /// Letters on the frame's colour.
  mutating func caption(_ text: String, in area: PixelArea, _ color: Color) {
    let ink = Self.contrast(to: color)
    fill(area.left - 1..<area.left + area.width + 1, area.top - 1..<area.top + area.height + 1, ink)
    fill(area.left..<area.left + area.width, area.top..<area.top + area.height, color)
    for (index, character) in text.enumerated() {
      for (row, dots) in Font.rows(of: character).enumerated() {
        for column in 0..<Font.width where dots & (1 << (Font.width - 1 - column)) != 0 {
          let x = area.left + margin + (index * (Font.width + 1) + column) * dot
          let y = area.top + margin + row * dot
          fill(x..<x + dot, y..<y + dot, ink)
        }
      }
    }
  }
}
