import Testing
import VisionInference
import VisionModels

/// A detection as a reference file has it.
struct ExpectedDetection: Decodable {
  let label: Int
  let score: Float
  let box: [Float]
}

/// Holds detections against torchvision's: the same count and labels, in the same order where scores differ by more than
/// 4e-4, boxes within 0.02 pixel, scores within 2e-4.
func expectSame(
  _ found: [Detection], _ expected: [ExpectedDetection], _ what: String, location: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(what)", sourceLocation: location)
  var remaining = Array(expected.enumerated())
  for (place, detection) in found.enumerated() {
    let box = [detection.box.left, detection.box.top, detection.box.right, detection.box.bottom]
    let match = remaining.firstIndex { _, other in
      other.label == detection.label && abs(other.score - detection.score) <= 2e-4
        && zip(other.box, box).allSatisfy { abs($0 - $1) <= 0.02 }
    }
    guard let match else {
      Issue.record("\(what): \(detection) is not among torchvision's", sourceLocation: location)
      continue
    }
    let (expectedPlace, other) = remaining.remove(at: match)
    // Where it stands elsewhere, everything between must have nearly the same score.
    let between = expected[
      min(place, expected.count - 1, expectedPlace)...max(expectedPlace, min(place, expected.count - 1))]
    #expect(
      between.allSatisfy { abs($0.score - other.score) <= 4e-4 }, "\(what): \(detection) is out of order",
      sourceLocation: location)
  }
}
