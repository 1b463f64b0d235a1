import Testing
import VisionModels

@testable import VisionInference

/// Frames and captions on pictures.
@Suite struct DrawingTests {
  private let size = PixelSize(width: 640, height: 480)

  @Test("captions of boxes that crowd do not cover each other while there is room by their boxes")
  func crowded() {
    var places = CaptionPlaces(size: size)
    let boxes = [(100, 100), (104, 103), (98, 106), (110, 96), (300, 0), (302, 2), (600, 440), (596, 444)]
    var areas: [PixelArea] = []
    for (left, top) in boxes {
      areas.append(places.place(width: 90, height: 20, at: PixelArea(left: left, top: top, width: 40, height: 36)))
    }
    for (place, area) in areas.enumerated() {
      #expect(area.left >= 0 && area.top >= 0 && area.left + 90 <= 640 && area.top + 20 <= 480)
      for other in areas[..<place] { #expect(area.overlap(other) == 0, "\(areas)") }
    }
    #expect(areas[0] == PixelArea(left: 100, top: 80, width: 90, height: 20))
  }

  @Test("a caption that is larger than the picture begins at its corner")
  func small() {
    var places = CaptionPlaces(size: PixelSize(width: 20, height: 10))
    let area = places.place(width: 50, height: 16, at: PixelArea(left: 5, top: 5, width: 4, height: 4))
    #expect(area.left == 0 && area.top == 0)
  }

  @Test("letters and outlines have a contrast of 4.5 or more with the colour of every class, and classes differ")
  func colours() {
    func luminance(_ color: Canvas.Color) -> Double {
      func linear(_ value: UInt8) -> Double {
        let part = Double(value) / 255
        var (low, high) = (0.0, 1.0)
        if part <= 0.04045 { return part / 12.92 }
        // ((part + 0.055) / 1.055) to the power of 2.4, without a library: y^5 = base^12.
        let base = (part + 0.055) / 1.055
        let power = (0..<12).reduce(1.0) { product, _ in product * base }
        for _ in 0..<60 {
          let middle = (low + high) / 2
          if middle * middle * middle * middle * middle < power { low = middle } else { high = middle }
        }
        return low
      }
      return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
    }
    var seen = Set<[UInt8]>()
    for label in 0..<91 {
      let color = Canvas.color(of: label)
      let (one, other) = (luminance(color), luminance(Canvas.contrast(to: color)))
      #expect((max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5, "\(label): \(color)")
      #expect(seen.insert([color.red, color.green, color.blue]).inserted, "\(label)")
    }
    _ = (Canvas.color(of: -1), Canvas.color(of: .min), Canvas.color(of: .max))
  }

  @Test("a frame is seen on its own colour: its outline is there")
  func outline() {
    let color = Canvas.color(of: 1)
    let pixels = [[UInt8]](repeating: [color.red, color.green, color.blue], count: 100 * 100).flatMap { $0 }
    let image = Image(size: PixelSize(width: 100, height: 100), pixels: pixels)
    let box = Box(left: 20, top: 40, right: 60, bottom: 80)
    let drawn = image.drawing([Detection(label: 1, score: 0.5, box: box)], labels: Labels(["a", "b"]))
    let differing = zip(drawn.pixels, pixels).count { $0 != $1 }
    #expect(differing > 3 * 4 * 40)
  }
}
