internal import CPth2swtOneDNN

/// How the numbers of an activation or a weight lie in memory, with the dimensions in torch's order.
///
/// The corresponding C type is `dnnl_memory_desc_t`.
@safe final class Layout {
  let dimensions: [Int]
  let descriptor: dnnl_memory_desc_t
  let byteCount: Int
  /// How [N, C, H, W] is walked; nil for a layout that only oneDNN knows (a Winograd weight).
  let channelRuns: ChannelRuns?

  init(_ descriptor: dnnl_memory_desc_t) {
    var copy = descriptor
    self.descriptor = descriptor
    byteCount = unsafe dnnl_memory_desc_get_size(&copy)
    dimensions = unsafe withUnsafeBytes(of: &copy.dims) { bytes in
      unsafe bytes.bindMemory(to: dnnl_dim_t.self).prefix(Int(descriptor.ndims)).map(Int.init)
    }
    channelRuns = ChannelRuns(descriptor, dimensions)
  }

  /// An arrangement by its name, such as `dnnl_abcd`; `dnnl_format_tag_any` leaves the choice to a step.
  convenience init(_ dimensions: [Int], _ tag: dnnl_format_tag_t) throws(VisionError) {
    var descriptor = dnnl_memory_desc_t()
    let sizes = dimensions.map(dnnl_dim_t.init)
    try check(
      unsafe dnnl_memory_desc_init_by_tag(&descriptor, Int32(sizes.count), sizes, dnnl_f32, tag), "describe a tensor")
    self.init(descriptor)
  }

  /// C order.
  convenience init(plain dimensions: [Int]) throws(VisionError) {
    let tags = [dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
    guard (1...tags.count).contains(dimensions.count) else {
      throw VisionError(.arithmetic, "Tensors of \(dimensions.count) dimensions are not supported.")
    }
    try self.init(dimensions, tags[dimensions.count - 1])
  }

  /// Some rows of [N, C, H, W], as they lie among the others; the first row's place is the caller's to add.
  func rows(_ count: Int) throws(VisionError) -> Layout {
    var (from, to) = (descriptor, dnnl_memory_desc_t())
    let sizes = [dimensions[0], dimensions[1], count, dimensions[3]].map(dnnl_dim_t.init)
    try check(unsafe dnnl_memory_desc_init_submemory(&to, &from, sizes, [0, 0, 0, 0]), "describe rows")
    return Layout(to)
  }

  /// Returns the layout with its dimensions permuted: dimension i moves to `places[i]`.
  func permuted(_ places: [Int32]) throws(VisionError) -> Layout {
    var (from, to) = (descriptor, dnnl_memory_desc_t())
    try check(unsafe dnnl_memory_desc_permute_axes(&to, &from, places), "turn a tensor")
    return Layout(to)
  }

  /// Returns the layout with dimensions of size 1 removed or inserted.
  func reshaped(_ dimensions: [Int]) throws(VisionError) -> Layout {
    var (from, to) = (descriptor, dnnl_memory_desc_t())
    let sizes = dimensions.map(dnnl_dim_t.init)
    try check(unsafe dnnl_memory_desc_reshape(&to, &from, Int32(sizes.count), sizes), "reshape a tensor")
    return Layout(to)
  }

  /// Whether both arrange the same dimensions alike.
  func isSame(as other: Layout) -> Bool {
    if self === other { return true }
    var left = descriptor
    var right = other.descriptor
    return unsafe dnnl_memory_desc_equal(&left, &right) != 0
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

  fileprivate init?(_ descriptor: dnnl_memory_desc_t, _ dimensions: [Int]) {
    guard dimensions.count == 4, descriptor.format_kind == dnnl_blocked else { return nil }
    let blocking = unsafe descriptor.format_desc.blocking
    let strides = (blocking.strides.0, blocking.strides.1, blocking.strides.2, blocking.strides.3)
    switch blocking.inner_nblks {
    case 0: runLength = strides.1 == 1 ? dimensions[1] : 1
    case 1 where blocking.inner_idxs.0 == 1: runLength = Int(blocking.inner_blks.0)
    default: return nil
    }
    imageStride = Int(strides.0)
    runStride = Int(strides.1)
    rowStride = Int(strides.2)
    pixelStride = Int(strides.3)
    runCount = (dimensions[1] + runLength - 1) / runLength
  }

  /// Where a channel of a pixel lies, counted in floats.
  func offset(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int {
    image * imageStride + channel / runLength * runStride + row * rowStride + column * pixelStride
      + channel % runLength
  }
}

/// Turns oneDNN's status into an error.
func check(_ status: dnnl_status_t, _ what: String) throws(VisionError) {
  guard status != dnnl_success else { return }
  throw VisionError(
    .arithmetic, "oneDNN could not \(what) (status \(status.rawValue)).",
    remedy: status == dnnl_out_of_memory ? "use a smaller --max-size or smaller batches" : nil)
}

extension Layout {
  /// The descriptor's bytes as numbers, to tell layouts apart that have no channel runs.
  var opaqueKey: [Int] {
    var copy = descriptor
    return unsafe withUnsafeBytes(of: &copy) { bytes in
      stride(from: 0, to: bytes.count - 7, by: 8).map { unsafe bytes.loadUnaligned(fromByteOffset: $0, as: Int.self) }
    }
  }
}
