import StateDicts
import VisionModels

/// A part of a detector's work.
package enum DetectionStage: String, CaseIterable, Sendable {
  /// The normalized, resized and padded batch.
  case transform
  /// The four stages of the ResNet.
  case body
  /// The five levels of the pyramid.
  case fpn
  /// The predictions for the anchors of the five levels: logits and deltas of each, `RPNHead.channels`.
  case rpnHead = "rpn_head"
  /// The proposals of all images, [N, 4] in pixels of the resized images.
  case proposals
  /// The pooled regions.
  case regions = "roi"
  /// The features of the regions, then logits and deltas of the classes.
  case boxHead = "box_head"
  /// The detections.
  case detections
}

/// Called after each part of a detector's work with what it made.
package typealias DetectionWatcher = (DetectionStage, [Activation]) throws -> Void

extension FasterRCNN {
  struct ForwardPass {
    let backbone: BackboneWithFPN.ForwardPass
    let rpnHead: RPNHead.ForwardPass
    let boxHead: BoxHeadPass
    /// The side of the window that the box head was made for.
    let regionSize: Int

    init(_ model: FasterRCNN) throws(VisionError) {
      backbone = BackboneWithFPN.ForwardPass(model.backbone)
      rpnHead = try RPNHead.ForwardPass(model.rpnHead)
      boxHead = BoxHeadPass(model.boxHead, model.boxPredictor)
      let area = model.boxHead.fc6.weight.shape[1] / model.rpnHead.convolution.weight.shape[0]
      regionSize = Int(Double(area).squareRoot())
    }

    /// What is on images of any sizes, which run as one batch; as torchvision's model on a list of images.
    ///
    /// - Throws: `imageSize`, `configuration`, `arithmetic`, `notFinite`; what reading the weights throws.
    func callAsFunction(
      _ images: [ImageSamples], _ options: DetectionOptions, on arithmetic: Arithmetic,
      watching: DetectionWatcher = { _, _ in }
    ) throws -> [[Detection]] {
      if images.isEmpty { return [] }
      try options.validate()
      let (batch, sizes) = try DetectionTransform(options: options)(images, arithmetic)
      try watching(.transform, [batch])
      let levels = try features(batch, watching)
      let predictions = try zip(BackboneWithFPN.outputNames, levels).map { name, level in
        try within("rpn.\(name)") { try rpnHead(level) }
      }
      try watching(.rpnHead, predictions)
      let proposals = try proposals(predictions, batch: batch, sizes, options)
      try watching(.proposals, [boxes(proposals, arithmetic)])
      let results = try detections(levels, proposals, sizes, options, watching)
      try watching(.detections, [])
      return zip(results, zip(images, sizes)).map { detections, sizes in
        let (image, resized) = sizes
        let x = Float(image.size.width) / Float(resized.width)
        let y = Float(image.size.height) / Float(resized.height)
        return detections.map { Detection(label: $0.label, score: $0.score, box: $0.box.scaled(x: x, y: y)) }
      }
    }

    private func features(_ batch: Activation, _ watching: DetectionWatcher) throws -> [Activation] {
      let stages = try backbone.stages(batch)
      try watching(.body, stages)
      let levels = try backbone.levels(consume stages)
      try watching(.fpn, levels)
      return levels
    }

    private func proposals(
      _ predictions: [Activation], batch: Activation, _ sizes: [PixelSize],
      _ options: DetectionOptions
    ) throws -> [[Box]] {
      guard options.anchorSizes.count == predictions.count else {
        throw VisionError(
          .configuration,
          "The number of anchor sizes, \(options.anchorSizes.count), must equal the number of feature levels, \(predictions.count)."
        )
      }
      let padded = PixelSize(width: batch.shape[3], height: batch.shape[2])
      let filter = ProposalFilter(options: options)
      return try sizes.indices.map { image in
        let levels = try zip(predictions, options.anchorSizes).map { predictions, anchorSize in
          let grid = PixelSize(width: predictions.shape[3], height: predictions.shape[2])
          return ProposalFilter.Level(
            anchors: Anchors(size: anchorSize, aspectRatios: options.anchorAspectRatios, image: padded, grid: grid),
            objectness: try predictions.channelsLast(image: image, channels: rpnHead.channels.logits),
            deltas: try predictions.channelsLast(image: image, channels: rpnHead.channels.deltas))
        }
        return filter.proposals(levels, image: sizes[image])
      }
    }

    private func detections(
      _ levels: [Activation], _ proposals: [[Box]], _ sizes: [PixelSize], _ options: DetectionOptions,
      _ watching: DetectionWatcher
    ) throws -> [[Detection]] {
      // The coarsest level only serves to propose; regions are read from the others.
      let pooling = RegionPooling(size: regionSize)
      guard let regions = try pooling.regions(Array(levels.dropLast()), proposals, images: sizes) else {
        return sizes.map { _ in [] }
      }
      try watching(.regions, [regions])
      let (described, logits, deltas) = try boxHead(regions)
      try watching(.boxHead, [described, logits, deltas])
      let (scores, corrections) = (try logits.values(), try deltas.values())
      let (all, classCount) = (proposals.flatMap(\.self), logits.shape[1])
      let filter = DetectionFilter(options: options)
      var start = 0
      return zip(proposals, sizes).map { boxes, size in
        let range = start..<start + boxes.count
        start = range.upperBound
        return filter.detections(
          all[range], logits: scores[range.lowerBound * classCount..<range.upperBound * classCount],
          deltas: corrections,
          classCount: classCount, image: size)
      }
    }

    private func boxes(_ proposals: [[Box]], _ arithmetic: Arithmetic) throws(VisionError) -> Activation {
      let values = proposals.flatMap { boxes in boxes.flatMap { [$0.left, $0.top, $0.right, $0.bottom] } }
      return try arithmetic.activation([values.count / 4, 4], values)
    }
  }
}
