/// What tells layouts apart: the dimensions, a stride for each, and the blocks into which some are cut, the innermost
/// last.
struct LayoutKey: Hashable {
  let dimensions: [Int]
  let strides: [Int]
  let blocks: [Block]

  /// A part of a dimension whose numbers lie side by side, within the strides.
  struct Block: Hashable {
    let axis: Int
    let size: Int
  }
}

/// How an [N, C, H, W] layout is walked: some channels of a pixel always lie side by side, a run, and everything else
/// is strides.
///
/// NCHW has runs of 1, NHWC of all channels, oneDNN's blocked layouts of 8 or 16.
struct ChannelRuns {
  let runLength: Int
  let imageStride: Int
  let runStride: Int
  let rowStride: Int
  let pixelStride: Int
  /// How many runs there are; the last may be longer than the channels left, with zeros in the rest.
  let runCount: Int

  /// Nil for a layout of other dimensions, or of blocks that are not runs of channels.
  init?(_ layout: LayoutKey) {
    guard layout.dimensions.count == 4, layout.strides.count == 4, layout.blocks.count < 2 else { return nil }
    let channels = layout.dimensions[1]
    if let block = layout.blocks.first {
      guard block.axis == 1, block.size > 0 else { return nil }
      runLength = block.size
    } else {
      runLength = layout.strides[1] == 1 ? max(channels, 1) : 1
    }
    imageStride = layout.strides[0]
    runStride = layout.strides[1]
    rowStride = layout.strides[2]
    pixelStride = layout.strides[3]
    runCount = (channels + runLength - 1) / runLength
  }

  /// Where a channel of a pixel lies, counted in floats.
  func offset(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int {
    image * imageStride + channel / runLength * runStride + row * rowStride + column * pixelStride
      + channel % runLength
  }
}
