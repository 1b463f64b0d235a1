/// A rectangle of pixels.
struct PixelArea: Equatable {
  var left: Int
  var top: Int
  let width: Int
  let height: Int

  /// How many pixels two areas have in common.
  func overlap(_ other: PixelArea) -> Int {
    let columns = min(left + width, other.left + other.width) - max(left, other.left)
    let rows = min(top + height, other.top + other.height) - max(top, other.top)
    return max(columns, 0) * max(rows, 0)
  }
}

/// Where captions are drawn: each by its box, and where boxes crowd, not on one another.
struct CaptionPlaces {
  private let size: PixelSize
  private var taken: [PixelArea] = []

  init(size: PixelSize) {
    self.size = size
  }

  /// Captions of more boxes than this are not kept apart from each other, since each is compared with all before it.
  private static let limit = 500

  /// Finds the place for a caption of a size.
  ///
  /// Above the box, inside it at the top, below it, inside at the bottom, or a row further above or below, each at its left
  /// and its right end: the first of these that is free, or the one that hides least.
  mutating func place(width: Int, height: Int, at box: PixelArea) -> PixelArea {
    let right = box.left + box.width - width
    let bottom = box.top + box.height
    var best: (area: PixelArea, overlap: Int)?
    for top in [box.top - height, box.top, bottom, bottom - height, box.top - 2 * height, bottom + height] {
      for left in [box.left, right] {
        // Above or below the picture is no place, beside it the caption moves in.
        guard top >= 0, top + height <= size.height else { continue }
        let area = PixelArea(left: max(min(left, size.width - width), 0), top: top, width: width, height: height)
        let overlap = taken.count < Self.limit ? taken.reduce(0) { $0 + area.overlap($1) } : 0
        if overlap < best?.overlap ?? .max { best = (area, overlap) }
        if overlap == 0 { break }
      }
      if best?.overlap == 0 { break }
    }
    let inside = PixelArea(
      left: max(min(box.left, size.width - width), 0), top: max(min(box.top, size.height - height), 0), width: width,
      height: height)
    let area = best?.area ?? inside
    taken.append(area)
    return area
  }
}
