internal import CPth2swtOneDNN
import VisionModels

/// A primitive of oneDNN, ready to be run with any weights of its shape.
@safe final class Step {
  private let primitive: dnnl_primitive_t
  private let engine: dnnl_engine_t
  private let stream: dnnl_stream_t
  let source: Layout
  let weights: Layout?
  private let bias: Layout?
  let destination: Layout
  let scratch: Layout?

  /// - Parameter description: Destroyed by this.
  init(
    _ description: dnnl_primitive_desc_t?, engine: dnnl_engine_t, stream: dnnl_stream_t
  ) throws(VisionError) {
    defer { unsafe dnnl_primitive_desc_destroy(description) }
    func layout(_ query: dnnl_query_t, _ index: Int32 = 0) throws(VisionError) -> Layout? {
      guard let found = unsafe dnnl_primitive_desc_query_md(description, query, index) else { return nil }
      let layout = try unsafe Layout("describe what a kernel reads") { unsafe dnnl_memory_desc_clone(&$0, found) }
      return layout.dimensions.isEmpty ? nil : layout
    }
    guard let source = try layout(dnnl_query_src_md), let destination = try layout(dnnl_query_dst_md) else {
      throw VisionError(.arithmetic, "oneDNN returned a kernel without source or destination.")
    }
    self.source = source
    self.destination = destination
    weights = try layout(dnnl_query_weights_md)
    bias = try layout(dnnl_query_weights_md, 1)
    scratch = try layout(dnnl_query_scratchpad_md)
    unsafe self.engine = engine
    unsafe self.stream = stream
    var made: dnnl_primitive_t?
    try check(unsafe dnnl_primitive_create(&made, description), "make a kernel")
    guard let made = unsafe made else { throw VisionError(.arithmetic, "oneDNN returned no kernel.") }
    unsafe primitive = made
  }

  deinit { unsafe dnnl_primitive_destroy(primitive) }

  /// Runs the step.
  ///
  /// The corresponding C function is `dnnl_primitive_execute`.
  func run(_ memory: StepMemory) throws(VisionError) {
    var passed: [dnnl_exec_arg_t] = unsafe []
    defer { unsafe passed.forEach { unsafe dnnl_memory_destroy($0.memory) } }
    func pass(_ role: Int32, _ layout: Layout?, _ address: UnsafeMutablePointer<Float>?) throws(VisionError) {
      guard let layout, let address = unsafe address else { return }
      var tensor: dnnl_memory_t?
      try check(unsafe dnnl_memory_create(&tensor, layout.descriptor, engine, address), "pass a tensor")
      unsafe passed.append(dnnl_exec_arg_t(arg: role, memory: tensor))
    }
    try unsafe pass(DNNL_ARG_SRC, source, memory.source)
    try unsafe pass(DNNL_ARG_DST, destination, memory.destination)
    try unsafe pass(DNNL_ARG_WEIGHTS, weights, memory.weights)
    try unsafe pass(DNNL_ARG_BIAS, bias, memory.bias)
    try unsafe pass(DNNL_ARG_SCRATCHPAD, scratch, memory.scratch)
    try check(unsafe dnnl_primitive_execute(primitive, stream, Int32(passed.count), passed), "run a kernel")
    try check(unsafe dnnl_stream_wait(stream), "finish a kernel")
  }
}
