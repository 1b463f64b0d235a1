package import VisionModels

extension InvertedResidual {
  /// [N, inputs, H, W] to [N, outputs, H / stride, W / stride].
  ///
  /// - Parameter x: Given up by the caller, it lends its memory to the result of a residual block.
  package func callAsFunction(_ x: consuming Activation) throws -> Activation {
    let wide = if let expansion { try expansion(x, then: .relu6) } else { copy x }
    return try projection(depthwise(wide, then: .relu6), adding: isResidual ? consume x : nil)
  }
}

extension MobileNetV2 {
  /// [N, 3, H, W] to one logit a class, [N, classes].
  package func callAsFunction(_ image: Activation) throws -> Activation {
    var x = try within("features.0") { try stem(image, then: .relu6) }
    for (number, block) in zip(1..., blocks) {
      do { x = try block(consume x) } catch { throw error.within("features.\(number)") }
    }
    return try within("logits") {
      let wide = try head(x, then: .relu6)
      return try classifier(wide.arithmetic.meanPool(wide))
    }
  }
}
