import VisionModels

extension ResNet {
  /// The stages, and the logits where there is a classifier.
  func digests(of image: Activation) throws -> [StageDigest] {
    let stages = try stages(image)
    var digests = try zip(1..., stages).map { try StageDigest("layer\($0)", $1) }
    if let fc, let last = stages.last {
      digests.append(try StageDigest("logits", logits(fc, last)))
    }
    return digests
  }
}

extension MobileNetV2 {
  /// Every block, and the logits.
  func digests(of image: Activation) throws -> [StageDigest] {
    var x = try within("features.0") { try stem(image, then: .relu6) }
    var digests = [try StageDigest("features.0", x)]
    for (index, block) in blocks.enumerated() {
      x = try within("features.\(index + 1)") { try block(x) }
      digests.append(try StageDigest("features.\(index + 1)", x))
    }
    return digests + [try StageDigest("logits", self(image))]
  }
}

extension BackboneWithFPN {
  /// The network's stages and the pyramid's levels.
  func digests(of image: Activation) throws -> (digests: [StageDigest], levels: [Activation]) {
    let stages = try stages(image)
    let levels = try levels(stages)
    let body = try zip(1..., stages).map { try StageDigest("body.layer\($0)", $1) }
    let fpn = try zip(Self.outputNames, levels).map { try StageDigest("fpn.\($0)", $1) }
    return (body + fpn, levels)
  }
}

extension FasterRCNN {
  /// The backbone, what the heads say of each level, and of fixed regions: so that no stage depends on a choice.
  func digests(of image: Activation) throws -> [StageDigest] {
    var (digests, levels) = try backbone.digests(of: image)
    for (name, level) in zip(BackboneWithFPN.outputNames, levels) {
      let predictions = try within("rpn.\(name)") { try rpnHead(level) }
      digests.append(try StageDigest("rpn.logits.\(name)", predictions.channels(rpnHead.channels.logits)))
      digests.append(try StageDigest("rpn.deltas.\(name)", predictions.channels(rpnHead.channels.deltas)))
    }
    let side = PixelSize(width: ValidationInput.side, height: ValidationInput.side)
    let pooling = RegionPooling(size: regionSize)
    guard let regions = try pooling.regions(Array(levels.dropLast()), [ValidationInput.boxes], images: [side]) else {
      return digests
    }
    let (described, logits, deltas) = try described(regions)
    return digests + [
      try StageDigest("roi", regions), try StageDigest("box_head", described),
      try StageDigest("class_logits", logits), try StageDigest("box_deltas", deltas),
    ]
  }
}
