import StateDicts
import VisionInference

/// Reads an image, and measures the time in milliseconds.
func decodedImage(_ path: FilePath) throws -> (image: Image, milliseconds: Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let image = try Image(at: path)
  return (image, (clock.now - start).milliseconds)
}
