import StateDicts
import VisionModels

/// How the numbers of an activation or a weight lie in memory, with the dimensions in torch's order: a stride for each.
final class Layout {
  let dimensions: [Int]
  let strides: [Int]
  let byteCount: Int
  /// How [N, C, H, W] is walked; nil for other dimensions.
  let channelRuns: ChannelRuns?

  /// - Parameter order: The dimensions from the outermost to the one whose numbers lie side by side.
  convenience init(_ dimensions: [Int], order: [Int]) throws(VisionError) {
    var strides = [Int](repeating: 1, count: dimensions.count)
    var count: Int? = 1
    for dimension in order.reversed() {
      strides[dimension] = count ?? 0
      count = count?.times(dimensions[dimension])
    }
    guard let byteCount = count?.times(MemoryLayout<Float>.stride) else {
      throw VisionError(.arithmetic, "A tensor of \(dimensions) numbers does not fit into memory.")
    }
    self.init(dimensions, strides: strides, byteCount: byteCount)
  }

  private init(_ dimensions: [Int], strides: [Int], byteCount: Int) {
    self.dimensions = dimensions
    self.strides = strides
    self.byteCount = byteCount
    channelRuns = ChannelRuns(LayoutKey(dimensions: dimensions, strides: strides, blocks: []))
  }

  /// C order.
  convenience init(plain dimensions: [Int]) throws(VisionError) {
    try self.init(dimensions, order: Array(dimensions.indices))
  }

  /// All channels of a pixel side by side: [N, C, H, W] as [N, H, W, C].
  convenience init(channelsLast dimensions: [Int]) throws(VisionError) {
    try self.init(dimensions, order: [0, 2, 3, 1])
  }

  /// What it has in common with no other layout.
  var key: LayoutKey? { LayoutKey(dimensions: dimensions, strides: strides, blocks: []) }

  /// Some rows of [N, C, H, W], as they lie among the others; the first row's place is the caller's to add.
  func rows(_ count: Int) -> Layout {
    Layout([dimensions[0], dimensions[1], count, dimensions[3]], strides: strides, byteCount: byteCount)
  }

  /// Whether both arrange the same dimensions alike; where a dimension has one place, its stride does not matter.
  func isSame(as other: Layout) -> Bool {
    dimensions == other.dimensions
      && dimensions.indices.allSatisfy { dimensions[$0] < 2 || strides[$0] == other.strides[$0] }
  }
}
