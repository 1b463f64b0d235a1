import ArgumentParser
package import VisionModels

/// torchvision's configuration of a Faster R-CNN, under its own names.
package struct DetectionOptionGroup: ParsableArguments {
  @Option(help: "Length of the short side after resizing") var minSize = DetectionOptions().minSize
  @Option(help: "Maximum length of the long side") var maxSize = DetectionOptions().maxSize
  @Option(parsing: .upToNextOption, help: "Mean of R, G, B")
  var imageMean = DetectionOptions().imageMean
  @Option(parsing: .upToNextOption, help: "Deviation of R, G, B") var imageStd = DetectionOptions()
    .imageStd
  @Option(name: .customLong("rpn-pre-nms-top-n-test"), help: "Anchors per level before NMS")
  var rpnPreNMSTopN = DetectionOptions().rpnPreNMSTopN
  @Option(name: .customLong("rpn-post-nms-top-n-test"), help: "Proposals per image after NMS")
  var rpnPostNMSTopN = DetectionOptions().rpnPostNMSTopN
  @Option(name: .customLong("rpn-nms-thresh"), help: "IoU threshold for NMS of proposals")
  var rpnNMSThresh = DetectionOptions().rpnNMSThresh
  @Option(help: "Minimum score of a proposal") var rpnScoreThresh = DetectionOptions().rpnScoreThresh
  @Option(help: "Score that a detection must exceed") var boxScoreThresh = DetectionOptions().boxScoreThresh
  @Option(name: .customLong("box-nms-thresh"), help: "IoU threshold for NMS within a class")
  var boxNMSThresh = DetectionOptions().boxNMSThresh
  @Option(name: .customLong("box-detections-per-img"), help: "Maximum number of detections per image")
  var boxDetectionsPerImage = DetectionOptions().boxDetectionsPerImage
  @Option(name: .customLong("bbox-reg-weights"), parsing: .upToNextOption, help: "Divisors of deltas")
  var boxRegressionWeights = DetectionOptions().boxRegressionWeights

  package init() {}

  package func validate() throws {
    do {
      try options.validate()
    } catch {
      throw ValidationError(error.message)
    }
  }

  package var options: DetectionOptions {
    var options = DetectionOptions()
    options.minSize = minSize
    options.maxSize = maxSize
    options.imageMean = imageMean
    options.imageStd = imageStd
    options.rpnPreNMSTopN = rpnPreNMSTopN
    options.rpnPostNMSTopN = rpnPostNMSTopN
    options.rpnNMSThresh = rpnNMSThresh
    options.rpnScoreThresh = rpnScoreThresh
    options.boxScoreThresh = boxScoreThresh
    options.boxNMSThresh = boxNMSThresh
    options.boxDetectionsPerImage = boxDetectionsPerImage
    options.boxRegressionWeights = boxRegressionWeights
    return options
  }
}
