import StateDicts
import VisionModels

extension ResidualBlock {
  struct ForwardPass {
    private let steps: [Convolution]
    private let downsample: Convolution?

    init(_ block: ResidualBlock) {
      steps = block.steps.map { Convolution($0) }
      downsample = block.downsample.map { Convolution($0) }
    }

    /// Computes [N, outputs, H / stride, W / stride] from [N, inputs, H, W].
    ///
    /// - Parameter x: If the caller consumes it, and there is no downsampling, the result reuses its memory.
    func callAsFunction(_ x: consuming Activation) throws -> Activation {
      var identity: Activation? = if let downsample { try downsample(x) } else { copy x }
      var y = consume x
      for (index, step) in steps.enumerated() {
        y = try step(y, adding: index == steps.count - 1 ? identity.take() : nil, then: .relu)
      }
      return y
    }
  }
}

extension ResNet {
  struct ForwardPass: ClassifierPass {
    private let stem: Convolution
    private let layers: [[ResidualBlock.ForwardPass]]
    private let fc: MatrixProduct?

    init(_ model: ResNet) {
      stem = Convolution(model.stem)
      layers = model.layers.map { $0.map(ResidualBlock.ForwardPass.init) }
      fc = model.fc.map(MatrixProduct.init)
    }

    /// The feature maps of the four stages, at 1/4, 1/8, 1/16 and 1/32 of the image.
    func stages(_ image: Activation) throws -> [Activation] {
      // The stem has no name of its own in torchvision's model: it leads into the first stage.
      var x = try within("layer1") {
        let x = try stem(image, then: .relu)
        return try x.arithmetic.maxPool(x, kernel: 3, stride: 2, padding: 1)
      }
      var stages: [Activation] = []
      for blocks in layers {
        do {
          for block in blocks { x = try block(consume x) }
        } catch { throw error.within("layer\(stages.count + 1)") }
        stages.append(x)
      }
      return stages
    }

    /// Computes one logit per class from the average of the last stage.
    ///
    /// - Throws: `configuration` for a backbone.
    func logits(_ last: Activation?) throws -> Activation {
      guard let fc, let last else {
        throw VisionError(.configuration, "This ResNet is a backbone without a classifier.")
      }
      return try within("logits") { try fc(last.arithmetic.meanPool(last)) }
    }

    func callAsFunction(_ image: Activation) throws -> Activation { try logits(stages(image).last) }
  }
}

extension ResNet: ClassifierModel {
  var labelCount: Int? { fc?.bias.shape[0] }
  func classifierPass() -> any ClassifierPass { ForwardPass(self) }
}
