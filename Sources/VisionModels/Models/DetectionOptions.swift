/// Options for running a detector, with torchvision's names and defaults.
///
/// Source: `torchvision/models/detection/faster_rcnn.py`, `FasterRCNN`.
public struct DetectionOptions: Hashable, Sendable {
  /// The length of the short side after resizing (`min_size`).
  public var minSize = 800
  /// The maximum length of the long side (`max_size`).
  public var maxSize = 1333
  /// The mean of red, green and blue, from 0 to 1 (`image_mean`).
  public var imageMean: [Float] = [0.485, 0.456, 0.406]
  /// The standard deviation of red, green and blue (`image_std`).
  public var imageStd: [Float] = [0.229, 0.224, 0.225]
  /// The number of anchors per level before NMS (`rpn_pre_nms_top_n_test`).
  public var rpnPreNMSTopN = 1000
  /// The number of proposals per image after NMS (`rpn_post_nms_top_n_test`).
  public var rpnPostNMSTopN = 1000
  /// The IoU threshold for NMS of proposals (`rpn_nms_thresh`).
  public var rpnNMSThresh = 0.7
  /// The minimum score of a proposal (`rpn_score_thresh`).
  public var rpnScoreThresh = 0.0
  /// The score that a detection must exceed (`box_score_thresh`).
  public var boxScoreThresh = 0.05
  /// The IoU threshold for NMS of detections within a class (`box_nms_thresh`).
  public var boxNMSThresh = 0.5
  /// The maximum number of detections per image (`box_detections_per_img`).
  public var boxDetectionsPerImage = 100
  /// The divisors of the box head's deltas for x, y, width and height (`bbox_reg_weights`).
  public var boxRegressionWeights: [Float] = [10, 10, 5, 5]
  /// The anchor sizes, one per level (`rpn_anchor_generator.sizes`).
  public var anchorSizes: [Float] = [32, 64, 128, 256, 512]
  /// The aspect ratios of anchors, height divided by width (`rpn_anchor_generator.aspect_ratios`).
  public var anchorAspectRatios: [Float] = [0.5, 1, 2]

  /// Creates torchvision's defaults.
  public init() {}

  /// Checks that the values are valid.
  ///
  /// - Throws: `configuration` with the name of the option.
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
