import StateDicts
import VisionInference

/// Reads an image, and how long that took in milliseconds.
func decodedImage(_ path: FilePath) throws -> (image: Image, milliseconds: Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let image = try Image(at: path)
  let passed = (clock.now - start).components
  return (image, Double(passed.seconds) * 1e3 + Double(passed.attoseconds) / 1e15)
}
