import ArgumentParser
package import VisionModels

/// torchvision's configuration of a Faster R-CNN, under its own names.
package struct DetectionOptionGroup: ParsableArguments {
  @Option(help: "The short side that an image is resized to.") var minSize = DetectionOptions().minSize
  @Option(help: "The most that the long side may become.") var maxSize = DetectionOptions().maxSize
  @Option(parsing: .upToNextOption, help: "Subtracted from red, green and blue.")
  var imageMean = DetectionOptions().imageMean
  @Option(parsing: .upToNextOption, help: "What they are divided by then.") var imageStd = DetectionOptions().imageStd
  @Option(name: .customLong("rpn-pre-nms-top-n-test"), help: "Anchors a level before suppression.")
  var rpnPreNMSTopN = DetectionOptions().rpnPreNMSTopN
  @Option(name: .customLong("rpn-post-nms-top-n-test"), help: "Proposals an image after it.")
  var rpnPostNMSTopN = DetectionOptions().rpnPostNMSTopN
  @Option(name: .customLong("rpn-nms-thresh"), help: "The overlap beyond which the weaker proposal goes.")
  var rpnNMSThresh = DetectionOptions().rpnNMSThresh
  @Option(help: "The least probability of a proposal.") var rpnScoreThresh = DetectionOptions().rpnScoreThresh
  @Option(help: "What a score must be above.") var boxScoreThresh = DetectionOptions().boxScoreThresh
  @Option(name: .customLong("box-nms-thresh"), help: "The overlap beyond which the weaker detection of a class goes.")
  var boxNMSThresh = DetectionOptions().boxNMSThresh
  @Option(name: .customLong("box-detections-per-img"), help: "Detections an image at most.")
  var boxDetectionsPerImage = DetectionOptions().boxDetectionsPerImage
  @Option(name: .customLong("bbox-reg-weights"), parsing: .upToNextOption, help: "What the box deltas are divided by.")
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
