package import VisionModels

/// A digest of an activation's values, which shows in one line whether they are the same.
public struct StageDigest: Codable, Sendable, Equatable {
  /// The name of the stage, such as `fpn.0`.
  public let stage: String
  /// The size of each dimension, NCHW.
  public let shape: [Int]
  /// The square root of the sum of squares.
  public let norm: Double
  /// The smallest value.
  public let minimum: Float
  /// The largest value.
  public let maximum: Float
  /// 64 evenly spaced values in C order, or all values if there are fewer.
  public let samples: [Float]

  static let sampleCount = 64

  /// - Throws: `notFinite`, naming the stage.
  package init(_ stage: String, _ activation: Activation) throws {
    try self.init(stage, shape: activation.shape, values: activation.values())
  }

  /// - Throws: `notFinite`, naming the stage.
  package init(_ stage: String, shape: [Int], values: [Float]) throws(VisionError) {
    self.stage = stage
    self.shape = shape
    var sum = 0.0
    for value in values { sum += Double(value) * Double(value) }
    norm = sum.squareRoot()
    minimum = values.min() ?? 0
    maximum = values.max() ?? 0
    let count = min(Self.sampleCount, values.count)
    samples = (0..<count).map { values[$0 * values.count / count] }
    guard sum.isFinite else { throw .overflow(stage) }
  }

  /// Returns a description of the difference; nil if every number is within `tolerance`, relative to the largest.
  public func difference(from expected: StageDigest, tolerance: Double) -> String? {
    guard shape == expected.shape else { return "\(stage): shape \(shape), expected \(expected.shape)" }
    let scale = Double(max(abs(expected.minimum), abs(expected.maximum), .leastNormalMagnitude))
    if abs(norm - expected.norm) > tolerance * max(expected.norm, .leastNormalMagnitude) {
      return "\(stage): norm \(norm), expected \(expected.norm)"
    }
    let ours = [minimum, maximum] + samples
    let theirs = [expected.minimum, expected.maximum] + expected.samples
    let worst = zip(ours, theirs).map { Double(abs($0 - $1)) }.max() ?? 0
    if ours.count != theirs.count || worst > tolerance * scale {
      return "\(stage): a value differs by \(worst), more than \(tolerance) of the largest, \(scale)"
    }
    return nil
  }
}

extension StageDigest: CustomStringConvertible {
  /// Stage, shape, norm, minimum and maximum in one line.
  public var description: String {
    let size = shape.map(String.init).joined(separator: "x")
    let norm = Float(norm).isFinite ? "\(Float(norm))" : "\(norm)"
    return "\(stage)  \(size)  norm \(norm)  min \(minimum)  max \(maximum)"
  }
}
