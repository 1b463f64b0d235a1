import Foundation
import VisionModels

/// Chooses an image's detections from what the box head says of its proposals.
///
/// Source: `torchvision/models/detection/roi_heads.py`, `postprocess_detections`.
struct DetectionFilter {
  let options: DetectionOptions
  private static let smallestSide: Float = 1e-2

  /// The detections by falling score, in the pixels of the resized image.
  ///
  /// - Parameters:
  ///   - logits: One a class for each proposal.
  ///   - deltas: Four a class for each proposal.
  func detections(
    _ proposals: ArraySlice<Box>, logits: ArraySlice<Float>, deltas: [Float], classCount: Int, image: PixelSize
  ) -> [Detection] {
    let coder = BoxCoder(weights: options.boxRegressionWeights)
    var candidates: [Detection] = []
    for (row, index) in proposals.indices.enumerated() {
      let start = logits.startIndex + row * classCount
      let probabilities = softmax(logits[start..<start + classCount])
      for label in 1..<max(classCount, 1) where probabilities[label] > Float(options.boxScoreThresh) {
        let box = coder.decode(deltas, at: (index * classCount + label) * 4, relativeTo: proposals[index])
          .clipped(to: image)
        if box.isAtLeast(Self.smallestSide) {
          candidates.append(Detection(label: label, score: probabilities[label], box: box))
        }
      }
    }
    let kept = nonMaximumSuppression(
      candidates.map(\.box), scores: candidates.map(\.score), groups: candidates.map(\.label),
      threshold: options.boxNMSThresh)
    return kept.prefix(options.boxDetectionsPerImage).map { candidates[$0] }
  }
}

/// Powers of e, divided by their sum; the largest is taken off first so that none overflows.
package func softmax(_ logits: ArraySlice<Float>) -> [Float] {
  let largest = logits.reduce(-Float.infinity, max)
  let powers = logits.map { exp($0 - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
