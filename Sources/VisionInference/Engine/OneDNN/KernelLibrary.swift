internal import CPth2swtOneDNN
import Foundation
import VisionModels

/// oneDNN's engine and stream, and the steps that are made with them.
///
/// It belongs to one thread. Version 3's interface is called, which `shim.h` offers over version 2 too.
@safe final class KernelLibrary {
  private let engine: dnnl_engine_t
  private let stream: dnnl_stream_t
  /// How many channels of a pixel lie side by side in the layouts whose kernels are fastest here; nil for all of them.
  ///
  /// Left to itself oneDNN mixes two layouts in one model, and each change costs a pass over memory. Blocks are for
  /// Winograd's algorithm, which takes no other layout. Where this oneDNN has no kernels for it (version 3, and any
  /// that is not for x86), whole rows of channels are the faster layout: `docs/portability.md` has the figures.
  let channelBlock: Int?

  /// - Parameter threadCount: How many threads compute together when the calling thread runs a step.
  init(threadCount: Int) throws(VisionError) {
    setOpenMPThreadCount(threadCount)
    var engine: dnnl_engine_t?
    var stream: dnnl_stream_t?
    try check(unsafe dnnl_engine_create(&engine, dnnl_cpu, 0), "start")
    guard let engine = unsafe engine else { throw VisionError(.arithmetic, "oneDNN returned no engine.") }
    try check(
      unsafe dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)), "open a stream")
    guard let stream = unsafe stream else { throw VisionError(.arithmetic, "oneDNN returned no stream.") }
    unsafe self.engine = engine
    unsafe self.stream = stream
    #if arch(x86_64)
      let instructions = dnnl_get_effective_cpu_isa().rawValue
      let wide = dnnl_cpu_isa_avx512_core.rawValue
      channelBlock = pth2swt_has_winograd() == 0 ? nil : instructions & wide == wide ? 16 : 8
    #else
      channelBlock = nil
    #endif
  }

  deinit {
    unsafe dnnl_stream_destroy(stream)
    unsafe dnnl_engine_destroy(engine)
  }

  /// The layout in which an activation of these dimensions, [N, C, H, W], is to be kept.
  func preferredLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    switch channelBlock {
    case 16: try Layout(dimensions, dnnl_aBcd16b)
    case 8: try Layout(dimensions, dnnl_aBcd8b)
    default: try Layout(dimensions, dnnl_acdb)
    }
  }

  /// The layout of [rows, features], or of [rows, C, H, W] with whole blocks of channels, whose bytes are those of an
  /// image [1, features, 1, rows] in the preferred layout: the numbers of each pixel are a row of a matrix.
  func rowLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    guard let channelBlock else {
      return try dimensions.count == 4 ? preferredLayout(dimensions) : Layout(plain: dimensions)
    }
    let features = dimensions.dropFirst() + [1, 1].prefix(4 - dimensions.count)
    return try Layout([1] + features + dimensions.prefix(1), channelBlock == 16 ? dnnl_aBcde16b : dnnl_aBcde8b)
      .permuted([4, 1, 2, 3, 0]).reshaped(dimensions)
  }

  /// A convolution with bias, which adds what its destination holds already where `isAdding`.
  ///
  /// The corresponding C function is `dnnl_convolution_forward_primitive_desc_create`.
  func convolution(
    _ shape: ConvolutionShape, source: Layout, destination: Layout, isAdding: Bool, then: Nonlinearity
  ) throws(VisionError) -> Step {
    let weights = try Layout(shape.weightDimensions, dnnl_format_tag_any)
    let bias = try Layout(plain: [destination.dimensions[1]])
    let strides = [dnnl_dim_t](repeating: dnnl_dim_t(shape.stride), count: 2)
    let padding = [shape.isStrip ? 0 : shape.padding, shape.padding].map(dnnl_dim_t.init)
    let dilation = [dnnl_dim_t](repeating: dnnl_dim_t(shape.dilation - 1), count: 2)
    let algorithm = shape.usesWinograd ? dnnl_convolution_winograd : dnnl_convolution_direct
    return try unsafe step("convolve \(shape)", isAdding: isAdding, then: then) {
      unsafe dnnl_convolution_forward_primitive_desc_create(
        &$0, engine, dnnl_forward_inference, algorithm, source.descriptor, weights.descriptor, bias.descriptor,
        destination.descriptor, strides, dilation, padding, padding, $1)
    }
  }

  /// The largest or mean value of each window; a mean counts no padding.
  ///
  /// The corresponding C function is `dnnl_pooling_forward_primitive_desc_create`.
  func pooling(_ kind: Pooling, _ shape: WindowShape, source: Layout, destination: Layout) throws(VisionError) -> Step {
    let strides = [shape.stride, shape.stride].map(dnnl_dim_t.init)
    let kernel = [shape.height, shape.width].map(dnnl_dim_t.init)
    let padding = [shape.padding, shape.padding].map(dnnl_dim_t.init)
    let algorithm = kind == .maximum ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding
    return try unsafe step("pool", isAdding: false, then: .none) {
      unsafe dnnl_pooling_forward_primitive_desc_create(
        &$0, engine, dnnl_forward_inference, algorithm, source.descriptor, destination.descriptor, strides, kernel,
        [0, 0], padding, padding, $1)
    }
  }

  /// A change of layout.
  ///
  /// The corresponding C function is `dnnl_reorder_primitive_desc_create`.
  func reorder(from source: Layout, to destination: Layout) throws(VisionError) -> Step {
    var made: dnnl_primitive_desc_t?
    try check(
      unsafe dnnl_reorder_primitive_desc_create(
        &made, source.descriptor, engine, destination.descriptor, engine, nil), "plan a change of layout")
    return try unsafe Step(made, engine: engine, stream: stream)
  }

  /// A step whose description `make` creates, with the attributes that say what follows it.
  private func step(
    _ what: String, isAdding: Bool, then: Nonlinearity,
    _ make: (inout dnnl_primitive_desc_t?, dnnl_primitive_attr_t?) -> dnnl_status_t
  ) throws(VisionError) -> Step {
    var attributes: dnnl_primitive_attr_t?
    var operations: dnnl_post_ops_t?
    try check(unsafe dnnl_primitive_attr_create(&attributes), what)
    defer { unsafe dnnl_primitive_attr_destroy(attributes) }
    try check(unsafe dnnl_post_ops_create(&operations), what)
    defer { unsafe dnnl_post_ops_destroy(operations) }
    if isAdding { try check(unsafe pth2swt_append_sum(operations), what) }
    switch then {
    case .none: break
    case .relu: try check(unsafe pth2swt_append_eltwise(operations, dnnl_eltwise_relu, 0, 0), what)
    case .relu6: try check(unsafe pth2swt_append_eltwise(operations, dnnl_eltwise_clip, 0, 6), what)
    }
    try check(unsafe dnnl_primitive_attr_set_post_ops(attributes, operations), what)
    try check(unsafe dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), what)
    var made: dnnl_primitive_desc_t?
    try check(unsafe make(&made, attributes), what)
    return try unsafe Step(made, engine: engine, stream: stream)
  }
}

/// Sets the size of the calling thread's OpenMP team, if the oneDNN at hand was built with OpenMP: only then is the
/// function there.
private func setOpenMPThreadCount(_ count: Int) {
  typealias Setter = @convention(c) (Int32) -> Void
  guard let address = unsafe dlsym(dlopen(nil, RTLD_NOW), "omp_set_num_threads") else { return }
  unsafe unsafeBitCast(address, to: Setter.self)(Int32(count))
}
