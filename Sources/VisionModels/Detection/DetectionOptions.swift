/// How a detector is run: torchvision's names and defaults, of those that have a say when a model is not trained.
///
/// Source: `torchvision/models/detection/faster_rcnn.py`, `FasterRCNN`.
public struct DetectionOptions: Hashable, Sendable {
  /// The short side that an image is resized to. (`min_size`)
  public var minSize = 800
  /// The most that the long side may become. (`max_size`)
  public var maxSize = 1333
  /// What is subtracted from red, green and blue, each from 0 to 1. (`image_mean`)
  public var imageMean: [Float] = [0.485, 0.456, 0.406]
  /// What they are divided by then. (`image_std`)
  public var imageStd: [Float] = [0.229, 0.224, 0.225]
  /// How many anchors of a level go on to suppression. (`rpn_pre_nms_top_n_test`)
  public var rpnPreNMSTopN = 1000
  /// How many proposals of an image go on to the box head. (`rpn_post_nms_top_n_test`)
  public var rpnPostNMSTopN = 1000
  /// Beyond which overlap the weaker of two proposals goes. (`rpn_nms_thresh`)
  public var rpnNMSThresh = 0.7
  /// The least probability of a proposal. (`rpn_score_thresh`)
  public var rpnScoreThresh = 0.0
  /// What a detection's score must be above. (`box_score_thresh`)
  public var boxScoreThresh = 0.05
  /// Beyond which overlap the weaker of two detections of a class goes. (`box_nms_thresh`)
  public var boxNMSThresh = 0.5
  /// How many detections an image may have. (`box_detections_per_img`)
  public var boxDetectionsPerImage = 100
  /// What the box head's deltas are divided by: x, y, width, height. (`bbox_reg_weights`)
  public var boxRegressionWeights: [Float] = [10, 10, 5, 5]
  /// The anchors' sizes, one a level. (`rpn_anchor_generator.sizes`)
  public var anchorSizes: [Float] = [32, 64, 128, 256, 512]
  /// The anchors' heights divided by their widths. (`rpn_anchor_generator.aspect_ratios`)
  public var anchorAspectRatios: [Float] = [0.5, 1, 2]

  /// Creates torchvision's defaults.
  public init() {}

  /// Refuses values that make no sense.
  ///
  /// - Throws: `configuration`, naming the option.
  public func validate() throws(VisionError) {
    func require(_ condition: Bool, _ what: String) throws(VisionError) {
      if !condition { throw VisionError(.configuration, what) }
    }
    try require(minSize > 0 && maxSize > 0, "min_size and max_size must be above 0.")
    try require(maxSize <= Self.largestSize, "max_size must be at most \(Self.largestSize).")
    try require(imageMean.count == 3 && imageStd.count == 3, "image_mean and image_std must have 3 values each.")
    try require(imageStd.allSatisfy { $0 > 0 }, "image_std must be above 0.")
    try require(
      rpnPreNMSTopN > 0 && rpnPostNMSTopN > 0 && boxDetectionsPerImage > 0,
      "rpn_pre_nms_top_n_test, rpn_post_nms_top_n_test and box_detections_per_img must be above 0.")
    try require(
      boxRegressionWeights.count == 4 && boxRegressionWeights.allSatisfy { $0 > 0 },
      "bbox_reg_weights must have 4 values above 0.")
    try require(
      !anchorSizes.isEmpty && !anchorAspectRatios.isEmpty, "At least one anchor size and aspect ratio are needed.")
  }

  /// A side of 8192 pixels is 60 times the area of the usual one: some 30 GB of activations with a ResNet-50.
  private static let largestSize = 8192
}
