internal import CPth2swtOneDNN

/// oneDNN's engine and stream, and the steps that are made with them.
///
/// It belongs to one thread.
///
/// Everything in which oneDNN 2 and 3 differ for C callers is in this file and in `Layout`: version 2 describes an
/// operation first (`…_desc_init`) and asks for a primitive descriptor then; version 3 has one call for both, hands out
/// memory descriptors as pointers, and carries no Winograd kernels for x86.
@safe final class OneDNN {
  private let engine: dnnl_engine_t
  private let stream: dnnl_stream_t
  /// How many channels of a pixel lie side by side in the layouts whose kernels are fastest here; nil where oneDNN is to
  /// choose.
  ///
  /// Left to itself oneDNN mixes two layouts in one model, and each change costs a pass over memory.
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
    let instructions = dnnl_get_effective_cpu_isa().rawValue
    func has(_ set: dnnl_cpu_isa_t) -> Bool { instructions & set.rawValue == set.rawValue }
    #if arch(x86_64)
      channelBlock = has(dnnl_cpu_isa_avx512_core) ? 16 : 8
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
    default: try Layout(dimensions, dnnl_format_tag_any)
    }
  }

  /// Returns the preferred layout, or C order if oneDNN chooses: a layout that our own kernels can walk.
  func channelRunLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    try channelBlock == nil ? Layout(plain: dimensions) : preferredLayout(dimensions)
  }

  /// An image [1, channels, 1, count]: the numbers of each pixel are a row of a matrix.
  func pixelLayout(_ channels: Int, count: Int) throws(VisionError) -> Layout {
    let dimensions = [1, channels, 1, count]
    return try channelBlock == nil ? Layout(dimensions, dnnl_acdb) : preferredLayout(dimensions)
  }

  /// The layout of [rows, features], or of [rows, C, H, W] with whole blocks of channels, whose bytes are a
  /// `pixelLayout`.
  func rowLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    guard let channelBlock else { return try Layout(plain: dimensions) }
    let features = dimensions.dropFirst() + [1, 1].prefix(4 - dimensions.count)
    return try Layout([1] + features + dimensions.prefix(1), channelBlock == 16 ? dnnl_aBcde16b : dnnl_aBcde8b)
      .permuted([4, 1, 2, 3, 0]).reshaped(dimensions)
  }

  /// A convolution with bias, which adds what its destination holds already where `isAdding`.
  ///
  /// The corresponding C function is `dnnl_dilated_convolution_forward_desc_init`.
  func convolution(
    _ shape: ConvolutionShape, source: Layout, destination: Layout, isAdding: Bool, then: Nonlinearity
  ) throws(VisionError) -> Step {
    let weights = try Layout(shape.weightDimensions, dnnl_format_tag_any)
    let bias = try Layout(plain: [destination.dimensions[1]])
    var (from, by, plus, to) = (source.descriptor, weights.descriptor, bias.descriptor, destination.descriptor)
    let strides = [dnnl_dim_t](repeating: dnnl_dim_t(shape.stride), count: 2)
    let padding = [shape.isStrip ? 0 : shape.padding, shape.padding].map(dnnl_dim_t.init)
    let dilation = [dnnl_dim_t](repeating: dnnl_dim_t(shape.dilation - 1), count: 2)
    var description = dnnl_convolution_desc_t()
    try check(
      unsafe dnnl_dilated_convolution_forward_desc_init(
        &description, dnnl_forward_inference,
        shape.usesWinograd ? dnnl_convolution_winograd : dnnl_convolution_direct, &from, &by, &plus, &to, strides,
        dilation, padding, padding), "describe the convolution \(shape)")
    return try unsafe withUnsafePointer(to: &description) { (description) throws(VisionError) in
      try unsafe step(UnsafeRawPointer(description), isAdding: isAdding, then: then, "convolve \(shape)")
    }
  }

  /// The largest or mean value of each window; a mean counts no padding.
  ///
  /// The corresponding C function is `dnnl_pooling_forward_desc_init`.
  func pooling(_ kind: Pooling, _ shape: WindowShape, source: Layout, destination: Layout) throws(VisionError) -> Step {
    let strides = [shape.stride, shape.stride].map(dnnl_dim_t.init)
    let kernel = [shape.height, shape.width].map(dnnl_dim_t.init)
    let padding = [shape.padding, shape.padding].map(dnnl_dim_t.init)
    var (from, to) = (source.descriptor, destination.descriptor)
    var description = dnnl_pooling_desc_t()
    let algorithm = kind == .maximum ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding
    try check(
      unsafe dnnl_pooling_forward_desc_init(
        &description, dnnl_forward_inference, algorithm, &from, &to, strides, kernel, padding, padding),
      "describe a pooling")
    return try unsafe withUnsafePointer(to: &description) { (description) throws(VisionError) in
      try unsafe step(UnsafeRawPointer(description), isAdding: false, then: .none, "pool")
    }
  }

  /// A change of layout.
  ///
  /// The corresponding C function is `dnnl_reorder_primitive_desc_create`.
  func reorder(from source: Layout, to destination: Layout) throws(VisionError) -> Step {
    var (from, to) = (source.descriptor, destination.descriptor)
    var made: dnnl_primitive_desc_t?
    try check(
      unsafe dnnl_reorder_primitive_desc_create(&made, &from, engine, &to, engine, nil), "plan a change of layout")
    return try unsafe Step(made, engine: engine, stream: stream, sourceQuery: dnnl_query_src_md)
  }

  private func step(_ description: UnsafeRawPointer, isAdding: Bool, then: Nonlinearity, _ what: String)
    throws(VisionError) -> Step
  {
    var attributes: dnnl_primitive_attr_t?
    var operations: dnnl_post_ops_t?
    try check(unsafe dnnl_primitive_attr_create(&attributes), what)
    defer { unsafe dnnl_primitive_attr_destroy(attributes) }
    try check(unsafe dnnl_post_ops_create(&operations), what)
    defer { unsafe dnnl_post_ops_destroy(operations) }
    if isAdding { try check(unsafe dnnl_post_ops_append_sum(operations, 1), what) }
    switch then {
    case .none: break
    case .relu: try check(unsafe dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0), what)
    case .relu6: try check(unsafe dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_clip, 0, 6), what)
    }
    try check(unsafe dnnl_primitive_attr_set_post_ops(attributes, operations), what)
    try check(unsafe dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), what)
    var made: dnnl_primitive_desc_t?
    try check(unsafe dnnl_primitive_desc_create(&made, description, attributes, engine, nil), what)
    return try unsafe Step(made, engine: engine, stream: stream, sourceQuery: dnnl_query_src_md)
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
    _ description: dnnl_primitive_desc_t?, engine: dnnl_engine_t, stream: dnnl_stream_t, sourceQuery: dnnl_query_t
  ) throws(VisionError) {
    defer { unsafe dnnl_primitive_desc_destroy(description) }
    func layout(_ query: dnnl_query_t) -> Layout? {
      guard let found = unsafe dnnl_primitive_desc_query_md(description, query, 0), unsafe found.pointee.ndims > 0
      else {
        return nil
      }
      return unsafe Layout(found.pointee)
    }
    var made: dnnl_primitive_t?
    try check(unsafe dnnl_primitive_create(&made, description), "make a kernel")
    guard let made = unsafe made, let source = layout(sourceQuery), let destination = layout(dnnl_query_dst_md) else {
      throw VisionError(.arithmetic, "oneDNN returned a kernel without source or destination.")
    }
    unsafe primitive = made
    unsafe self.engine = engine
    unsafe self.stream = stream
    self.source = source
    self.destination = destination
    weights = layout(dnnl_query_weights_md)
    scratch = layout(dnnl_query_scratchpad_md)
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
      var descriptor = argument.layout.descriptor
      var memory: dnnl_memory_t?
      try check(unsafe dnnl_memory_create(&memory, &descriptor, engine, argument.address), "pass a tensor")
      unsafe passed.append(dnnl_exec_arg_t(arg: argument.role, memory: memory))
    }
    try check(unsafe dnnl_primitive_execute(primitive, stream, Int32(passed.count), passed), "run a kernel")
    try check(unsafe dnnl_stream_wait(stream), "finish a kernel")
  }
}
