import VisionModels

extension FeaturePyramid {
  struct ForwardPass {
    private let innerBlocks: [Convolution]
    private let layerBlocks: [Convolution]

    init(_ pyramid: FeaturePyramid) {
      innerBlocks = pyramid.innerBlocks.map { Convolution($0) }
      layerBlocks = pyramid.layerBlocks.map { Convolution($0) }
    }

    /// One level for each stage, and the coarsest halved once more; all have the same channels.
    ///
    /// - Parameter stages: The largest first. Each is released once its level is merged, because they are large.
    func callAsFunction(_ stages: consuming [Activation]) throws -> [Activation] {
      var (above, levels): (Activation?, [Activation]) = (nil, [])
      while let stage = stages.popLast() {
        let level = stages.count
        do {
          let inner = try merged(above, stage, innerBlocks[level])
          levels.insert(try layerBlocks[level](inner), at: 0)
          above = inner
        } catch { throw error.within("\(level)") }
      }
      guard let top = levels.last else { return [] }
      return levels + [try top.arithmetic.maxPool(top, kernel: 1, stride: 2, padding: 0)]
    }

    /// Adds the level above, doubled in size, to the convolution of the stage.
    private func merged(
      _ above: Activation?, _ stage: consuming Activation, _ innerBlock: Convolution
    ) throws -> Activation {
      try innerBlock(
        stage, adding: above.map { try $0.arithmetic.upsampled($0, height: stage.shape[2], width: stage.shape[3]) })
    }
  }
}

extension BackboneWithFPN {
  struct ForwardPass {
    private let body: ResNet.ForwardPass
    private let fpn: FeaturePyramid.ForwardPass

    init(_ model: BackboneWithFPN) {
      body = ResNet.ForwardPass(model.body)
      fpn = FeaturePyramid.ForwardPass(model.fpn)
    }

    /// The feature maps of the network's four stages.
    ///
    /// - Parameter image: [N, 3, H, W], both sides multiples of 32.
    func stages(_ image: Activation) throws -> [Activation] {
      try within("body") { try body.stages(image) }
    }

    /// The pyramid over them, by `outputNames`.
    func levels(_ stages: consuming [Activation]) throws -> [Activation] {
      do { return try fpn(stages) } catch { throw error.within("fpn") }
    }
  }
}
