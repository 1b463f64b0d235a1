import ModelParameters
import StateDicts
import Testing
import VisionInference
import VisionModels

/// One case of layers.json, and how it is run here.
struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
  enum Kind: String, Decodable, CaseIterable {
    case conv, linear, norm, relu, relu6, maxPool, meanPool, nearest, add, softmax, sigmoid, fused, regions

    /// Whether no number is rounded, so that ours must be torch's to the bit.
    var isExact: Bool { [.relu, .relu6, .maxPool, .nearest, .add].contains(self) }
  }
  let name: String
  let kind: Kind
  let kernel, stride, padding, dilation, groups: Int?
  let bias: Bool?
  let epsilon: Float?
  let nonlinearity: String?
  /// Height and width of each image whose regions are read.
  let sizes: [[Int]]?

  var testDescription: String { name }

  /// What the layer makes of the case's input: its shape and values.
  func run(_ tensors: StateDict, on arithmetic: Arithmetic) throws -> (shape: [Int], values: [Float]) {
    func activation(_ name: String) throws -> Activation {
      let tensor = try #require(tensors[name], "\(self.name) has no \(name)")
      return try arithmetic.activation(tensor.shape, [Float](tensor))
    }
    let y: Activation?
    switch kind {
    case .conv, .linear, .norm, .fused:
      let parameters = try StateDict(
        tensors.filter { !["input", "addend", "output"].contains($0.name) }.map { ($0.name, $0.tensor) })
      let shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor.shape) })
      let addend = try kind == .fused ? activation("addend") : nil
      y = try Layer((self, shapes), loading: parameters)(
        activation("input"), adding: addend, then: then, on: arithmetic)
    case .relu: y = try arithmetic.applying(.relu, to: activation("input"))
    case .relu6: y = try arithmetic.applying(.relu6, to: activation("input"))
    case .maxPool:
      y = try arithmetic.maxPool(
        activation("input"), kernel: #require(kernel), stride: #require(stride), padding: #require(padding))
    case .meanPool: y = try arithmetic.meanPool(activation("input"))
    case .nearest:
      let size = try #require(tensors["output"]).shape
      y = try arithmetic.upsampled(activation("input"), height: size[2], width: size[3])
    case .add: y = try arithmetic.sum(activation("input"), activation("addend"))
    case .softmax:
      let x = try #require(tensors["input"])
      let (values, width) = (try [Float](x), x.shape[1])
      return (x.shape, Swift.stride(from: 0, to: values.count, by: width).flatMap { softmax(values[$0..<$0 + width]) })
    case .sigmoid:
      let x = try #require(tensors["input"])
      return (x.shape, try [Float](x).map(sigmoid))
    case .regions:
      let sizes = try #require(sizes).map { PixelSize(width: $0[1], height: $0[0]) }
      let regions = try sizes.indices.map { try boxes(#require(tensors["boxes\($0)"])) }
      y = try RegionPooling(size: 7).regions((0..<4).map { try activation("level\($0)") }, regions, images: sizes)
    }
    let result = try #require(y)
    return (result.shape, try result.values())
  }

  private var then: Nonlinearity { nonlinearity == "relu" ? .relu : nonlinearity == "relu6" ? .relu6 : .none }

  private func boxes(_ tensor: Tensor) throws -> [Box] {
    let edges = try [Float](tensor)
    return Swift.stride(from: 0, to: edges.count, by: 4).map { start in
      Box(left: edges[start], top: edges[start + 1], right: edges[start + 2], bottom: edges[start + 3])
    }
  }
}

/// A model of the one layer that a case is about.
private enum Layer: LoadableModel {
  case convolution(Conv2d)
  case linear(Linear)
  case normalization(any Normalization)
  case fused(ConvNorm)

  init(_ configuration: (layer: LayerCase, shapes: [String: [Int]]), in scope: ParameterScope) {
    let (layer, shapes) = configuration
    let (kernel, groups) = (layer.kernel ?? 1, layer.groups ?? 1)
    func size(_ name: String, _ dimension: Int) -> Int { shapes[name]?[dimension] ?? 0 }
    switch layer.kind {
    case .linear: self = .linear(Linear(size("weight", 1), size("weight", 0), in: scope))
    case .norm:
      let norm = NormLayer(
        layer.name.hasPrefix("frozen") ? .frozenBatchNorm2d : .batchNorm2d, eps: layer.epsilon ?? 0)
      self = .normalization(norm(featureCount: size("weight", 0), in: scope))
    case .fused:
      self = .fused(
        ConvNorm(
          inputChannels: size("0.weight", 1) * groups, outputChannels: size("0.weight", 0), kernelSize: kernel,
          groups: groups, norm: .batchNorm2d,
          in: scope / 0, scope / 1))
    default:
      self = .convolution(
        Conv2d(
          inputChannels: size("weight", 1) * groups, outputChannels: size("weight", 0), kernelSize: kernel,
          stride: layer.stride ?? 1,
          padding: layer.padding ?? 0, dilation: layer.dilation ?? 1, groups: groups, bias: layer.bias ?? true,
          in: scope))
    }
  }

  func callAsFunction(
    _ x: Activation, adding addend: Activation?, then nonlinearity: Nonlinearity, on arithmetic: Arithmetic
  ) throws -> Activation {
    switch self {
    case .convolution(let layer): return try Convolution(layer)(x)
    case .linear(let layer): return try MatrixProduct(layer)(x)
    case .normalization(let layer):
      let (scale, shift) = try layer.scaleAndShift()
      return try arithmetic.scaled(x, by: scale, plus: shift)
    case .fused(let layer): return try Convolution(layer)(x, adding: addend, then: nonlinearity)
    }
  }
}
