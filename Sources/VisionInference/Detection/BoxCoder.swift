import Foundation

/// Corrects a box by four deltas: its centre moved by parts of its size, its size multiplied by powers of e.
///
/// Source: `torchvision/models/detection/_utils.py`, `BoxCoder`.
struct BoxCoder {
  /// What the deltas are divided by: x, y, width, height.
  let weights: [Float]

  /// No box grows more than from 16 to 1000 pixels, so that e to the power of a delta stays finite.
  private static let largestGrowth = Float(log(1000.0 / 16))

  /// The corrected box; `deltas` holds x, y, width, height from `index` on.
  func decode(_ deltas: [Float], at index: Int, relativeTo box: Box) -> Box {
    let centerX = box.left + 0.5 * box.width
    let centerY = box.top + 0.5 * box.height
    let x = deltas[index] / weights[0] * box.width + centerX
    let y = deltas[index + 1] / weights[1] * box.height + centerY
    let width = exp(limited(deltas[index + 2] / weights[2])) * box.width
    let height = exp(limited(deltas[index + 3] / weights[3])) * box.height
    return Box(left: x - 0.5 * width, top: y - 0.5 * height, right: x + 0.5 * width, bottom: y + 0.5 * height)
  }

  private func limited(_ delta: Float) -> Float { delta > Self.largestGrowth ? Self.largestGrowth : delta }
}
