import VisionInference
import VisionModels

/// Blocks of colour under a slanted wave, as `TestData/recipes/detections.py` draws them.
func seededImage(width: Int, height: Int, seed: Int) throws -> Image {
  var pixels: [UInt8] = []
  pixels.reserveCapacity(3 * width * height)
  for y in 0..<height {
    for x in 0..<width {
      for channel in 0..<3 {
        let block = (y / 24 * 1000 + x / 24) * 3 + channel + 7919 * seed
        let color = SeededWeights.scramble(UInt64(block + 1) &* 0x9E37_79B9_7F4A_7C15) >> 56
        let wave = (x * (3 + channel) + y * (5 + seed % 3) + x * y / 16) % 256
        pixels.append(UInt8((3 * Int(color) + wave) / 4))
      }
    }
  }
  return try Image(width: width, height: height, pixels: pixels)
}
