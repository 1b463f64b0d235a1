package import VisionModels

extension ResidualBlock {
  /// [N, inputs, H, W] to [N, outputs, H / stride, W / stride].
  ///
  /// - Parameter x: Given up by the caller, it lends its memory to the result where nothing stands in the way past.
  package func callAsFunction(_ x: consuming Activation) throws -> Activation {
    var identity: Activation? = if let downsample { try downsample(x) } else { copy x }
    var y = consume x
    for (index, step) in steps.enumerated() {
      y = try step(y, adding: index == steps.count - 1 ? identity.take() : nil, then: .relu)
    }
    return y
  }
}

extension ResNet {
  /// The feature maps of the four stages, at 1/4, 1/8, 1/16 and 1/32 of the image.
  package func stages(_ image: Activation) throws -> [Activation] {
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

  /// The last stage's average to one logit a class.
  func logits(_ fc: Linear, _ last: Activation) throws -> Activation {
    try within("logits") { try fc(last.arithmetic.meanPool(last)) }
  }

  /// [N, 3, H, W] to one logit a class, [N, classes].
  package func callAsFunction(_ image: Activation) throws -> Activation {
    guard let fc, let last = try stages(image).last else {
      throw VisionError(.configuration, "This ResNet is a backbone without a classifier.")
    }
    return try logits(fc, last)
  }
}
