/// Which boxes stay when of any two that overlap too much the weaker one goes; boxes of different groups never meet.
///
/// Source: `torchvision/ops/boxes.py`, `batched_nms`, and `csrc/ops/cpu/nms_kernel.cpp`. Like torchvision, up to 1000
/// boxes are moved apart by group and done at once, which rounds their coordinates; more are done group by group.
///
/// - Parameters:
///   - groups: Each box's level or label, 0 or more.
///   - threshold: The most that the intersection may be of the union.
/// - Returns: Places in `boxes`, by falling score, equal scores in order.
package func nonMaximumSuppression(_ boxes: [Box], scores: [Float], groups: [Int], threshold: Double) -> [Int] {
  if boxes.isEmpty { return [] }
  let order = boxes.indices.sorted { isBefore(scores, $0, $1) }
  if boxes.count <= 1000 {
    let farthest = boxes.map { max($0.left, $0.top, $0.right, $0.bottom) }.reduce(-Float.infinity, max)
    let apart = zip(boxes, groups).map { box, group in box.moved(by: Float(group) * (farthest + 1)) }
    return suppressed(apart, order, threshold)
  }
  var members: [Int: [Int]] = [:]
  for index in order { members[groups[index], default: []].append(index) }
  return members.values.flatMap { suppressed(boxes, $0, threshold) }.sorted { isBefore(scores, $0, $1) }
}

/// By falling score, equal ones in order; NaN counts as the largest, as in torch.
func isBefore(_ scores: [Float], _ left: Int, _ right: Int) -> Bool {
  let (a, b) = (scores[left], scores[right])
  if a.isNaN || b.isNaN { return a.isNaN && b.isNaN ? left < right : a.isNaN }
  return a == b ? left < right : a > b
}

/// The places of `order` that stay, in its order.
private func suppressed(_ boxes: [Box], _ order: [Int], _ threshold: Double) -> [Int] {
  let sorted = order.map { boxes[$0] }
  let areas = sorted.map(\.area)
  var isGone = [Bool](repeating: false, count: sorted.count)
  var kept: [Int] = []
  for index in sorted.indices where !isGone[index] {
    kept.append(order[index])
    let box = sorted[index]
    let area = areas[index]
    for other in index + 1..<sorted.count where !isGone[other] {
      let candidate = sorted[other]
      let width = min(box.right, candidate.right) - max(box.left, candidate.left)
      let height = min(box.bottom, candidate.bottom) - max(box.top, candidate.top)
      let shared = max(0, width) * max(0, height)
      if Double(shared / (area + areas[other] - shared)) > threshold { isGone[other] = true }
    }
  }
  return kept
}
