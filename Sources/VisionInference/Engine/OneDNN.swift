internal import CPth2swtOneDNN
import VisionModels

/// oneDNN's engine and stream, and the steps that are made with them.
///
/// It belongs to one thread. Version 3's interface is called, which `shim.h` offers over version 2 too.
@safe final class OneDNN {
  private let engine: dnnl_engine_t
  private let stream: dnnl_stream_t
  /// How many channels of a pixel lie side by side in the layouts whose kernels are fastest here; nil for all of them.
  ///
  /// Left to itself oneDNN mixes two layouts in one model, and each change costs a pass over memory. Blocks are for
  /// Winograd's algorithm, which takes no other layout. Where this oneDNN has no kernels for it (version 3, and any
  /// that is not for x86), whole rows of channels are the faster layout: `docs/portability.md` has the figures.
  let channelBlock: Int?

  init() throws(VisionError) {
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

/// A primitive of oneDNN, ready to be run with any weights of its shape.
@safe final class Step {
  /// One tensor that a step reads or writes.
  @safe struct Argument {
    let role: Int32
    let layout: Layout
    let address: UnsafeMutableRawPointer
  }

  private let primitive: dnnl_primitive_t
  private let engine: dnnl_engine_t
  private let stream: dnnl_stream_t
  let source: Layout
  let weights: Layout?
  let destination: Layout
  let scratch: Layout?
  /// What oneDNN calls the kernel, such as `jit_wino_4x3:avx512_core`.
  let implementation: String

  fileprivate init(
    _ description: dnnl_primitive_desc_t?, engine: dnnl_engine_t, stream: dnnl_stream_t
  ) throws(VisionError) {
    defer { unsafe dnnl_primitive_desc_destroy(description) }
    func layout(_ query: dnnl_query_t) throws(VisionError) -> Layout? {
      guard let found = unsafe dnnl_primitive_desc_query_md(description, query, 0) else { return nil }
      let layout = try unsafe Layout("describe what a kernel reads") { unsafe dnnl_memory_desc_clone(&$0, found) }
      return layout.dimensions.isEmpty ? nil : layout
    }
    var made: dnnl_primitive_t?
    try check(unsafe dnnl_primitive_create(&made, description), "make a kernel")
    guard let made = unsafe made, let source = try layout(dnnl_query_src_md),
      let destination = try layout(dnnl_query_dst_md)
    else {
      throw VisionError(.arithmetic, "oneDNN returned a kernel without source or destination.")
    }
    unsafe primitive = made
    unsafe self.engine = engine
    unsafe self.stream = stream
    self.source = source
    self.destination = destination
    weights = try layout(dnnl_query_weights_md)
    scratch = try layout(dnnl_query_scratchpad_md)
    var name: UnsafePointer<CChar>?
    let status = unsafe dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name)
    implementation = unsafe status == dnnl_success ? name.map { unsafe String(cString: $0) } ?? "" : ""
  }

  deinit { unsafe dnnl_primitive_destroy(primitive) }

  /// Runs the step.
  ///
  /// The corresponding C function is `dnnl_primitive_execute`.
  func run(_ arguments: [Argument]) throws(VisionError) {
    var passed: [dnnl_exec_arg_t] = unsafe []
    defer { unsafe passed.forEach { unsafe dnnl_memory_destroy($0.memory) } }
    for argument in arguments {
      var memory: dnnl_memory_t?
      try check(
        unsafe dnnl_memory_create(&memory, argument.layout.descriptor, engine, argument.address), "pass a tensor")
      unsafe passed.append(dnnl_exec_arg_t(arg: argument.role, memory: memory))
    }
    try check(unsafe dnnl_primitive_execute(primitive, stream, Int32(passed.count), passed), "run a kernel")
    try check(unsafe dnnl_stream_wait(stream), "finish a kernel")
  }
}
