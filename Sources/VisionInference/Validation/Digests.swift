import ModelParameters
import VisionModels

/// A model whose stages can be run and digested.
protocol DigestibleModel: LoadableModel {
  /// Runs the model and returns a digest of each stage.
  func digests(of image: Activation) throws -> [StageDigest]
}

extension ResNet: DigestibleModel {
  /// The stages and the logits.
  func digests(of image: Activation) throws -> [StageDigest] {
    let pass = ForwardPass(self)
    let stages = try pass.stages(image)
    let digests = try zip(1..., stages).map { try StageDigest("layer\($0)", $1) }
    return digests + [try StageDigest("logits", pass.logits(stages.last))]
  }
}

extension MobileNetV2: DigestibleModel {
  /// Every block, and the logits.
  func digests(of image: Activation) throws -> [StageDigest] {
    var digests: [StageDigest] = []
    let logits = try ForwardPass(self).logits(image) { digests.append(try StageDigest($0, $1)) }
    return digests + [try StageDigest("logits", logits)]
  }
}

extension BackboneWithFPN: DigestibleModel {
  /// The network's stages and the pyramid's levels.
  func digests(of image: Activation) throws -> [StageDigest] { try ForwardPass(self).digests(of: image).digests }
}

extension BackboneWithFPN.ForwardPass {
  fileprivate func digests(of image: Activation) throws -> (digests: [StageDigest], levels: [Activation]) {
    let stages = try stages(image)
    let levels = try levels(stages)
    let body = try zip(1..., stages).map { try StageDigest("body.layer\($0)", $1) }
    let fpn = try zip(BackboneWithFPN.outputNames, levels).map { try StageDigest("fpn.\($0)", $1) }
    return (body + fpn, levels)
  }
}

extension FasterRCNN: DigestibleModel {
  /// The backbone, what the heads say of each level, and of fixed regions: so that no stage depends on a choice.
  func digests(of image: Activation) throws -> [StageDigest] {
    let pass = try ForwardPass(self)
    var (digests, levels) = try pass.backbone.digests(of: image)
    for (name, level) in zip(BackboneWithFPN.outputNames, levels) {
      let predictions = try within("rpn.\(name)") { try pass.rpnHead(level) }
      digests.append(try StageDigest("rpn.logits.\(name)", predictions.channels(pass.rpnHead.channels.logits)))
      digests.append(try StageDigest("rpn.deltas.\(name)", predictions.channels(pass.rpnHead.channels.deltas)))
    }
    let side = PixelSize(width: ValidationInput.side, height: ValidationInput.side)
    let pooling = RegionPooling(size: pass.regionSize)
    guard let regions = try pooling.regions(Array(levels.dropLast()), [ValidationInput.boxes], images: [side]) else {
      return digests
    }
    let (described, logits, deltas) = try pass.boxHead(regions)
    return digests + [
      try StageDigest("roi", regions), try StageDigest("box_head", described),
      try StageDigest("class_logits", logits), try StageDigest("box_deltas", deltas),
    ]
  }
}
