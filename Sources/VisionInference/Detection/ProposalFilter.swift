import Foundation
import VisionModels

/// Chooses an image's proposals from what the region proposal network says of its anchors.
///
/// Source: `torchvision/models/detection/rpn.py`, `filter_proposals`.
struct ProposalFilter {
  let options: DetectionOptions

  /// What the network says of one level of one image.
  struct Level {
    let anchors: Anchors
    /// The convolution for one logit per anchor.
    let objectness: [Float]
    /// Four deltas an anchor.
    let deltas: [Float]
  }

  private static let coder = BoxCoder(weights: [1, 1, 1, 1])
  private static let smallestSide: Float = 1e-3

  /// The proposals by falling score, within the image.
  func proposals(_ levels: [Level], image: PixelSize) -> [Box] {
    var boxes: [Box] = []
    var scores: [Float] = []
    var groups: [Int] = []
    for (number, level) in levels.enumerated() {
      for index in largest(options.rpnPreNMSTopN, of: level.objectness) {
        let box = Self.coder.decode(level.deltas, at: 4 * index, relativeTo: level.anchors[index]).clipped(to: image)
        let score = sigmoid(level.objectness[index])
        guard box.isAtLeast(Self.smallestSide), score >= Float(options.rpnScoreThresh) else { continue }
        boxes.append(box)
        scores.append(score)
        groups.append(number)
      }
    }
    let kept = nonMaximumSuppression(boxes, scores: scores, groups: groups, threshold: options.rpnNMSThresh)
    return kept.prefix(options.rpnPostNMSTopN).map { boxes[$0] }
  }
}

/// The probability of a logit, 0 to 1.
package func sigmoid(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }

/// The places of the `count` largest values, by falling value, equal ones in order.
///
/// - Complexity: O(n) for values in no order, with a heap of the best so far whose least is on top.
package func largest(_ count: Int, of values: [Float]) -> [Int] {
  if values.count <= count { return values.indices.sorted { isBefore(values, $0, $1) } }
  var heap = Array(0..<count).sorted { isBefore(values, $1, $0) }
  for candidate in count..<values.count where isBefore(values, candidate, heap[0]) {
    var hole = 0
    while 2 * hole + 1 < count {
      var child = 2 * hole + 1
      if child + 1 < count, isBefore(values, heap[child], heap[child + 1]) { child += 1 }
      guard isBefore(values, candidate, heap[child]) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = candidate
  }
  return heap.sorted { isBefore(values, $0, $1) }
}
