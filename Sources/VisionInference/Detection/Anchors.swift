import Foundation

/// The boxes that the region proposal network corrects: some shapes, repeated over the image at every place of a level.
///
/// Source: `torchvision/models/detection/anchor_utils.py`, `AnchorGenerator`.
struct Anchors {
  /// The shapes around the origin, rounded to whole pixels.
  let shapes: [Box]
  let strideX: Float
  let strideY: Float
  let columns: Int

  /// - Parameters:
  ///   - size: The square root of the area, before rounding.
  ///   - image: The padded image.
  ///   - grid: The level's size.
  init(size: Float, aspectRatios: [Float], image: PixelSize, grid: PixelSize) {
    shapes = aspectRatios.map { ratio in
      let height = ratio.squareRoot()
      let width = 1 / height
      let (x, y) = (width * size / 2, height * size / 2)
      func round(_ value: Float) -> Float { value.rounded(.toNearestOrEven) }
      return Box(left: round(-x), top: round(-y), right: round(x), bottom: round(y))
    }
    strideX = Float(image.width / grid.width)
    strideY = Float(image.height / grid.height)
    columns = grid.width
  }

  /// The anchor at a place in the order of the predictions: rows, then columns, then shapes.
  subscript(index: Int) -> Box {
    let (place, shape) = index.quotientAndRemainder(dividingBy: shapes.count)
    let (row, column) = place.quotientAndRemainder(dividingBy: columns)
    let (x, y) = (Float(column) * strideX, Float(row) * strideY)
    let box = shapes[shape]
    return Box(left: x + box.left, top: y + box.top, right: x + box.right, bottom: y + box.bottom)
  }
}
