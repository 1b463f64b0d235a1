/// The kinds of weights that frameworks lay out in other ways.
public enum ConvolutionKind: String, Codable, Sendable {
  /// A convolution of one to three dimensions: [out, in / groups, …] in torch.
  case convolution
  /// A transposed convolution: [in, out / groups, …] in torch.
  case transposedConvolution = "transposed_convolution"
}

/// The map from torch's layouts and dtypes to those of MLX.
///
///     conv1.weight    [64, 3, 7, 7]   →   [64, 7, 7, 3]        channels last
///     up.weight       [64, 32, 2, 2]  →   [32, 2, 2, 64]       a transposed convolution, if a registry says so
///     scale           float64         →   float32
///
/// Source: `mlx/io/safetensors.cpp` and the weights of `Conv1d` to `ConvTranspose3d` in MLX's Python and Swift packages.
public struct MLXLayout: Sendable {
  /// What was decided about a tensor.
  public struct Row: Sendable {
    /// The name.
    public let name: String
    /// The decision, in words.
    public let decision: String
  }

  /// The map.
  public let map: TensorMap
  /// The map that restores torch's layouts and dtypes; values that a float32 cannot hold stay rounded.
  public let inverse: TensorMap
  /// The decisions, in the order of the state dict.
  public let rows: [Row]

  /// Decides by names, dtypes and shapes.
  ///
  /// - Parameters:
  ///   - stateDict: The tensors in torch's layouts.
  ///   - convolutions: The convolutions among them, by a registry. Nil to decide by rule: tensors of three to five
  ///     dimensions that are called `weight`, unless their bias fits a transposed convolution only.
  ///   - leavesOut: Whether to leave out tensors whose dtype MLX does not have.
  /// - Throws: `unsupported`, listing tensors whose dtype MLX does not have and no float holds.
  public init(
    _ stateDict: StateDict, convolutions: [String: ConvolutionKind]?, leavesOutUnsupported leavesOut: Bool = false
  ) throws(CheckpointError) {
    var rows: [Row] = []
    var dropped: [NamePattern] = []
    var casts: [(from: ElementType, to: ElementType, names: [NamePattern])] = []
    var moves: [(axes: [Int], names: [NamePattern])] = []
    for (position, element) in stateDict.enumerated() {
      let (name, tensor) = element
      guard tensor.composition == nil, tensor.elementType.isOfMLX || tensor.elementType.widerInMLX != nil else {
        dropped.append(NamePattern(name))
        rows.append(
          Row(
            name: name,
            decision: "left out: MLX has no \(tensor.composition?.kind.rawValue ?? tensor.elementType.rawValue)"))
        continue
      }
      if let wider = tensor.elementType.widerInMLX {
        if let place = casts.firstIndex(where: { $0.from == tensor.elementType }) {
          casts[place].names.append(NamePattern(name))
        } else {
          casts.append((tensor.elementType, wider, [NamePattern(name)]))
        }
        rows.append(Row(name: name, decision: "\(tensor.elementType) to \(wider)"))
      }
      let isPermuted = stateDict.origin(at: position).changes.contains { if case .permute = $0 { true } else { false } }
      let known = convolutions.map { $0[name] } ?? nil
      var kind = known
      if convolutions == nil, tensor.mayBeConvolution(name) {
        if isPermuted {
          rows.append(Row(name: name, decision: "left as the map permutes it"))
        } else if let bias = stateDict.bias(of: name), bias.shape != [tensor.shape[0]] {
          rows.append(
            Row(
              name: name,
              decision: "left as it is, \(tensor.shape): the bias \(bias.shape) is not that of a convolution; "
                + "a transposed one needs --model or a map"))
        } else {
          kind = .convolution
        }
      }
      guard let kind, (3...5).contains(tensor.shape.count) else { continue }
      let axes = kind.axesInMLX(of: tensor.shape.count)
      if let place = moves.firstIndex(where: { $0.axes == axes }) {
        moves[place].names.append(NamePattern(name))
      } else {
        moves.append((axes, [NamePattern(name)]))
      }
      let words = kind == .convolution ? "a convolution" : "a transposed convolution"
      rows.append(
        Row(
          name: name,
          decision: "\(words)\(known == nil ? " by rule" : ""): \(tensor.shape) to \(axes.map { tensor.shape[$0] })"))
    }
    guard dropped.isEmpty || leavesOut else {
      let refused = rows.filter { $0.decision.hasPrefix("left out") }
      throw CheckpointError(
        .unsupported, "MLX has no dtype for \(dropped.count) of \(stateDict.count) tensors:",
        details: refused.prefix(10).map { "\($0.name): \($0.decision)" }
          + (refused.count > 10 ? ["… and \(refused.count - 10) more"] : []),
        remedy: "leave them out with --skip-unsupported")
    }
    self.rows = rows
    map = TensorMap(
      (dropped.isEmpty ? [] : [.drop(dropped)]) + casts.map { .cast($0.names, to: $0.to) }
        + moves.map { .permute($0.names, axes: $0.axes) })
    inverse = TensorMap(
      moves.map { move in
        .permute(move.names, axes: move.axes.indices.map { move.axes.firstIndex(of: $0) ?? $0 })
      } + casts.map { .cast($0.names, to: $0.from) })
  }
}

extension ConvolutionKind {
  /// The order of torch's dimensions in MLX, which has channels last.
  fileprivate func axesInMLX(of rank: Int) -> [Int] {
    switch self {
    case .convolution: [0] + Array(2..<rank) + [1]
    case .transposedConvolution: [1] + Array(2..<rank) + [0]
    }
  }
}

extension ElementType {
  /// Whether MLX reads this type from a file.
  fileprivate var isOfMLX: Bool {
    switch self {
    case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .float16, .bfloat16, .float32,
      .complex64:
      true
    default: false
    }
  }

  /// The type that stands for this one in MLX.
  fileprivate var widerInMLX: ElementType? {
    switch self {
    case .float64: .float32
    case .float8_e4m3fn, .float8_e4m3fnuz, .float8_e5m2, .float8_e5m2fnuz, .float8_e8m0fnu: .bfloat16
    default: nil
    }
  }
}

extension Tensor {
  /// Whether name, type and shape are those of a convolution's weight.
  fileprivate func mayBeConvolution(_ name: String) -> Bool {
    (name == "weight" || name.hasSuffix(".weight")) && (3...5).contains(shape.count) && elementType.isFloatingPoint
  }
}

extension StateDict {
  /// The bias beside a weight.
  fileprivate func bias(of weight: String) -> Tensor? { self[weight.dropLast(6) + "bias"] }

  /// Returns the state dict in the layouts and dtypes of MLX.
  ///
  /// The map is recorded in the metadata with its inverse, which `undoingMLX()` applies.
  ///
  /// - Throws: `malformedMap` for a name that a pattern cannot mean.
  public func converted(to layout: MLXLayout) throws(CheckpointError) -> StateDict {
    var result = try Conversion(layout.map, of: self, isRecorded: false).stateDict
    result.metadata.record(layout.map, inverse: layout.inverse, purpose: "mlx")
    return result
  }

  /// Returns the state dict in torch's layouts and dtypes again if the last map in its metadata is one for MLX, otherwise
  /// nil.
  ///
  /// - Throws: `malformedMap` if the map does not fit the tensors.
  public func undoingMLX() throws(CheckpointError) -> StateDict? {
    guard let maps = metadata.annotations["map"]?.arrayValue, let last = maps.last, last["for"] == .string("mlx"),
      let inverse = last["inverse"]
    else { return nil }
    var result = try Conversion(TensorMap(json: inverse), of: self, isRecorded: false).stateDict
    result.metadata.annotations["map"] = maps.count > 1 ? .array(maps.dropLast()) : nil
    return result
  }
}
