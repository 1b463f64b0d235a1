/// A rectangle in pixels by its edges, like torchvision's boxes (x1, y1, x2, y2).
public struct Box: Hashable, Sendable {
  /// The left edge, x1.
  public var left: Float
  /// The top edge, y1.
  public var top: Float
  /// The right edge, x2.
  public var right: Float
  /// The bottom edge, y2.
  public var bottom: Float

  /// Creates a box from its edges.
  public init(left: Float, top: Float, right: Float, bottom: Float) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// The distance from the left to the right edge.
  public var width: Float { right - left }
  /// The distance from the top to the bottom edge.
  public var height: Float { bottom - top }
  /// Width times height.
  public var area: Float { width * height }

  /// The part within an image. (torchvision: `clip_boxes_to_image`)
  func clipped(to size: PixelSize) -> Box {
    let (width, height) = (Float(size.width), Float(size.height))
    return Box(
      left: clamp(left, width), top: clamp(top, height), right: clamp(right, width), bottom: clamp(bottom, height))
  }

  private func clamp(_ value: Float, _ limit: Float) -> Float { value.isNaN ? value : min(max(value, 0), limit) }

  /// Whether both sides have at least a length. (torchvision: `remove_small_boxes`)
  func isAtLeast(_ side: Float) -> Bool { width >= side && height >= side }

  /// Returns the box with x and y each multiplied by a factor (torchvision: `resize_boxes`).
  func scaled(x: Float, y: Float) -> Box {
    Box(left: left * x, top: top * y, right: right * x, bottom: bottom * y)
  }

  /// Returns the box moved by a distance on both axes.
  func moved(by distance: Float) -> Box {
    Box(left: left + distance, top: top + distance, right: right + distance, bottom: bottom + distance)
  }
}
