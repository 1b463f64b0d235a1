import StateDicts
import VisionModels

extension RPNHead {
  struct ForwardPass {
    private let convolution: Convolution
    private let predictions: Convolution
    private let anchorCount: Int

    init(_ head: RPNHead) throws(VisionError) {
      convolution = Convolution(head.convolution)
      predictions = try Convolution(head.logits, and: head.deltas)
      anchorCount = head.logits.weight.shape[0]
    }

    /// Computes [N, 5 * anchors, H, W] from a level [N, C, H, W]: the logits, then the deltas.
    ///
    /// Both are computed from the same pixels, so they run as one convolution.
    func callAsFunction(_ level: Activation) throws -> Activation {
      try predictions(convolution(level, then: .relu))
    }

    /// The channels of the logits and of the deltas in the predictions.
    var channels: (logits: Range<Int>, deltas: Range<Int>) { (0..<anchorCount, anchorCount..<5 * anchorCount) }
  }
}

/// The predictions for pooled regions: features, then logits and deltas of the classes.
struct BoxHeadPass {
  private let fc6, fc7, scores, boxes: MatrixProduct

  init(_ head: TwoMLPHead, _ predictor: FastRCNNPredictor) {
    fc6 = MatrixProduct(head.fc6)
    fc7 = MatrixProduct(head.fc7)
    scores = MatrixProduct(predictor.scores)
    boxes = MatrixProduct(predictor.boxes)
  }

  /// Computes [N, features], [N, classes] and [N, 4 * classes] from regions [N, C, size, size].
  func callAsFunction(_ windows: Activation) throws -> (described: Activation, logits: Activation, deltas: Activation) {
    let described = try within("box_head") { try fc7(fc6(windows, then: .relu), then: .relu) }
    return (
      described, try within("class_logits") { try scores(described) }, try within("box_deltas") { try boxes(described) }
    )
  }
}
