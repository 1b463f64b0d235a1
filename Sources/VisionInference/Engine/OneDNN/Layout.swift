internal import CPth2swtOneDNN
import VisionModels

/// How the numbers of an activation or a weight lie in memory, with the dimensions in torch's order.
///
/// The corresponding C type is `dnnl_memory_desc_t`.
@safe final class Layout {
  let dimensions: [Int]
  /// oneDNN's description, destroyed with this object.
  let descriptor: pth2swt_layout_t
  let byteCount: Int
  /// How [N, C, H, W] is walked; nil for other dimensions, and for a layout that only oneDNN knows (a Winograd weight).
  let channelRuns: ChannelRuns?
  /// What it has in common with no other layout; nil for a layout that only oneDNN knows.
  let key: LayoutKey?

  /// A layout of a description that `make` creates.
  ///
  /// - Parameter what: What is done, for an error's message.
  init(_ what: String, _ make: (inout pth2swt_layout_t?) -> dnnl_status_t) throws(VisionError) {
    var made: pth2swt_layout_t?
    try check(unsafe make(&made), what)
    guard let made = unsafe made else { throw VisionError(.arithmetic, "oneDNN could not \(what).") }
    func numbers(_ part: pth2swt_layout_part_t) -> [Int] {
      var numbers = [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS))
      let count = unsafe pth2swt_layout_numbers(made, part, &numbers)
      return numbers.prefix(Int(count)).map { Int($0) }
    }
    unsafe descriptor = made
    byteCount = unsafe dnnl_memory_desc_get_size(made)
    dimensions = numbers(pth2swt_sizes)
    let strides = numbers(pth2swt_strides)
    let blocks = zip(numbers(pth2swt_block_axes), numbers(pth2swt_block_sizes)).map {
      LayoutKey.Block(axis: $0, size: $1)
    }
    key = strides.isEmpty ? nil : LayoutKey(dimensions: dimensions, strides: strides, blocks: blocks)
    channelRuns = key.flatMap(ChannelRuns.init)
  }

  deinit { unsafe dnnl_memory_desc_destroy(descriptor) }

  /// An arrangement by its name, such as `dnnl_abcd`; `dnnl_format_tag_any` leaves the choice to a step.
  convenience init(_ dimensions: [Int], _ tag: dnnl_format_tag_t) throws(VisionError) {
    let sizes = dimensions.map(dnnl_dim_t.init)
    try unsafe self.init("describe a tensor") {
      unsafe dnnl_memory_desc_create_with_tag(&$0, Int32(sizes.count), sizes, dnnl_f32, tag)
    }
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
    let sizes = [dimensions[0], dimensions[1], count, dimensions[3]].map(dnnl_dim_t.init)
    return try unsafe Layout("describe rows") {
      unsafe dnnl_memory_desc_create_submemory(&$0, descriptor, sizes, [0, 0, 0, 0])
    }
  }

  /// Returns the layout with its dimensions permuted: dimension i moves to `places[i]`.
  func permuted(_ places: [Int32]) throws(VisionError) -> Layout {
    try unsafe Layout("turn a tensor") { unsafe pth2swt_permute_axes(&$0, descriptor, places) }
  }

  /// Returns the layout with dimensions of size 1 removed or inserted.
  func reshaped(_ dimensions: [Int]) throws(VisionError) -> Layout {
    let sizes = dimensions.map(dnnl_dim_t.init)
    return try unsafe Layout("reshape a tensor") { unsafe pth2swt_reshape(&$0, descriptor, Int32(sizes.count), sizes) }
  }

  /// Whether both arrange the same dimensions alike.
  func isSame(as other: Layout) -> Bool {
    unsafe self === other || dnnl_memory_desc_equal(descriptor, other.descriptor) != 0
  }
}

/// Turns oneDNN's status into an error.
func check(_ status: dnnl_status_t, _ what: String) throws(VisionError) {
  guard status != dnnl_success else { return }
  throw VisionError(
    .arithmetic, "oneDNN could not \(what) (status \(status.rawValue)).",
    remedy: status == dnnl_out_of_memory ? "use a smaller --max-size or smaller batches" : nil)
}
