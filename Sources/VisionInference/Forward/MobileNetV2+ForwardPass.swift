import StateDicts
import VisionModels

extension InvertedResidual {
  struct ForwardPass {
    private let expansion: Convolution?
    private let depthwise: Convolution
    private let projection: Convolution
    private let isResidual: Bool

    init(_ block: InvertedResidual) {
      expansion = block.expansion.map { Convolution($0) }
      depthwise = Convolution(block.depthwise)
      projection = Convolution(block.projection)
      isResidual = block.isResidual
    }

    /// Computes [N, outputs, H / stride, W / stride] from [N, inputs, H, W].
    ///
    /// - Parameter x: If the caller consumes it, the result of a residual block reuses its memory.
    func callAsFunction(_ x: consuming Activation) throws -> Activation {
      let wide = if let expansion { try expansion(x, then: .relu6) } else { copy x }
      return try projection(depthwise(wide, then: .relu6), adding: isResidual ? consume x : nil)
    }
  }
}

extension MobileNetV2 {
  struct ForwardPass: ClassifierPass {
    private let stem: Convolution
    private let blocks: [InvertedResidual.ForwardPass]
    private let head: Convolution
    private let classifier: MatrixProduct

    init(_ model: MobileNetV2) {
      stem = Convolution(model.stem)
      blocks = model.blocks.map(InvertedResidual.ForwardPass.init)
      head = Convolution(model.head)
      classifier = MatrixProduct(model.classifier)
    }

    /// Computes one logit per class.
    ///
    /// - Parameter watching: Called with the name and the result of the stem and of each block.
    func logits(_ image: Activation, watching: (String, Activation) throws -> Void = { _, _ in }) throws -> Activation {
      var x = try within("features.0") { try stem(image, then: .relu6) }
      try watching("features.0", x)
      for (number, block) in zip(1..., blocks) {
        do { x = try block(consume x) } catch { throw error.within("features.\(number)") }
        try watching("features.\(number)", x)
      }
      return try within("logits") {
        let wide = try head(x, then: .relu6)
        return try classifier(wide.arithmetic.meanPool(wide))
      }
    }

    func callAsFunction(_ image: Activation) throws -> Activation { try logits(image) }
  }
}

extension MobileNetV2: ClassifierModel {
  var labelCount: Int? { classifier.bias.shape[0] }
  func classifierPass() -> any ClassifierPass { ForwardPass(self) }
}
