/// A region of one image of a batch, in the pixels of the feature level that it is to be read from.
package struct Region: Sendable {
  package let image: Int
  package let level: Int
  package let left: Float
  package let top: Float
  package let width: Float
  package let height: Float

  package init(image: Int, level: Int, left: Float, top: Float, width: Float, height: Float) {
    self.image = image
    self.level = level
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }
}

extension Arithmetic {
  /// RoIAlign: each region cut into `size` x `size` bins, each bin the mean of bilinear samples at
  /// `samplingRatio` x `samplingRatio` points (as many as the bin has pixels where it is 0 or less), without rounding.
  ///
  /// Source: `torchvision/csrc/ops/cpu/roi_align_kernel.cpp`, `aligned=False`.
  ///
  /// - Returns: [regions, C, size, size], or nil for no regions.
  package func alignedRegions(_ levels: [Activation], _ regions: [Region], size: Int, samplingRatio: Int)
    throws(VisionError) -> Activation?
  {
    guard !regions.isEmpty, let channels = levels.first?.shape[1] else { return nil }
    let wanted = try library.rowLayout([regions.count, channels, size, size])
    let isBlocked = wanted.channelRuns != nil
    let target = try isBlocked ? wanted : Layout(plain: wanted.dimensions)
    let result = try activation(target)
    var maps: [FeatureLevel] = []
    for level in levels {
      let map = try arranged(level, as: isBlocked ? library.preferredLayout(level.shape) : Layout(plain: level.shape))
      guard let runs = map.layout.channelRuns else { throw VisionError(.arithmetic, "A feature level has no pixels.") }
      maps.append(FeatureLevel(map, runs))
    }
    guard let runs = target.channelRuns else { throw VisionError(.arithmetic, "Regions have no pixels.") }
    let output = OutputRegions(start: result.buffer, runs: runs)
    let levels = maps
    concurrently(regions.count) { index in
      let region = regions[index]
      levels[region.level].gather(region, samplingRatio: samplingRatio, into: output, index: index, size: size)
    }
    return result
  }
}

/// Where a bin's samples are read, and with what weight, for one axis: low and high neighbour of each sample.
private struct AxisSamples {
  let low: [Int]
  let high: [Int]
  let lowWeight: [Float]
  let highWeight: [Float]
  let perBin: Int

  init(start: Float, extent: Float, size: Int, samplingRatio: Int, limit: Int) {
    let bin = extent / Float(size)
    perBin = samplingRatio > 0 ? samplingRatio : Int((extent / Float(size)).rounded(.up))
    var (low, high, lowWeight, highWeight) = ([Int](), [Int](), [Float](), [Float]())
    for place in 0..<size {
      for sample in 0..<perBin {
        var at = start + Float(place) * bin + (Float(sample) + 0.5) * bin / Float(perBin)
        let isOutside = !(at >= -1 && at <= Float(limit))
        if isOutside || at <= 0 { at = 0 }
        var first = Int(at)
        var second = first + 1
        if first >= limit - 1 {
          first = limit - 1
          second = first
          at = Float(first)
        }
        let fraction = at - Float(first)
        low.append(first)
        high.append(second)
        lowWeight.append(isOutside ? 0 : 1 - fraction)
        highWeight.append(isOutside ? 0 : fraction)
      }
    }
    (self.low, self.high, self.lowWeight, self.highWeight) = (low, high, lowWeight, highWeight)
  }
}

/// One sample of a bin: four neighbours, as distances from the channel's first pixel, and their weights.
private struct Tap {
  let topLeft: Int
  let topRight: Int
  let bottomLeft: Int
  let bottomRight: Int
  let weights: SIMD4<Float>
}

/// Where regions are written: each index by one thread only.
@safe private struct OutputRegions: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let runs: ChannelRuns

  init(start: Buffer, runs: ChannelRuns) {
    unsafe self.start = start.floats
    self.runs = runs
  }
}

/// A feature level while regions are read from it by several threads.
@safe private struct FeatureLevel: @unchecked Sendable {
  let start: UnsafePointer<Float>
  let runs: ChannelRuns
  let height: Int
  let width: Int

  init(_ map: Activation, _ runs: ChannelRuns) {
    unsafe start = UnsafePointer(map.buffer.floats)
    self.runs = runs
    height = map.shape[2]
    width = map.shape[3]
  }

  /// Fills one region, bin by bin, a run of channels at a time.
  func gather(_ region: Region, samplingRatio: Int, into output: OutputRegions, index: Int, size: Int) {
    let rows = AxisSamples(
      start: region.top, extent: max(region.height, 1), size: size, samplingRatio: samplingRatio, limit: height)
    let columns = AxisSamples(
      start: region.left, extent: max(region.width, 1), size: size, samplingRatio: samplingRatio, limit: width)
    let taps = taps(rows, columns, size: size)
    let tapsPerBin = rows.perBin * columns.perBin
    let isVector = runs.runLength == 16
    unsafe taps.withUnsafeBufferPointer { taps in
      for run in 0..<runs.runCount {
        let source = unsafe start + runs.offset(region.image, run * runs.runLength, 0, 0)
        for bin in 0..<size * size {
          let place = output.runs.offset(index, run * runs.runLength, bin / size, bin % size)
          let own = unsafe UnsafeBufferPointer(rebasing: taps[bin * tapsPerBin..<(bin + 1) * tapsPerBin])
          if isVector {
            unsafe fillVector(own, source, output.start + place)
          } else {
            unsafe fill(own, source, output.start + place)
          }
        }
      }
    }
  }

  /// The taps of all bins, row by row, those of a bin together; the weights already share out the mean.
  private func taps(_ rows: AxisSamples, _ columns: AxisSamples, size: Int) -> [Tap] {
    let share = 1 / Float(max(rows.perBin * columns.perBin, 1))
    var taps: [Tap] = []
    taps.reserveCapacity(size * size * rows.perBin * columns.perBin)
    for bin in 0..<size * size {
      for y in bin / size * rows.perBin..<(bin / size + 1) * rows.perBin {
        let (top, bottom) = (rows.low[y] * runs.rowStride, rows.high[y] * runs.rowStride)
        let vertical = SIMD4(rows.lowWeight[y], rows.lowWeight[y], rows.highWeight[y], rows.highWeight[y])
        for x in bin % size * columns.perBin..<(bin % size + 1) * columns.perBin {
          let (left, right) = (columns.low[x] * runs.pixelStride, columns.high[x] * runs.pixelStride)
          let horizontal = SIMD4(
            columns.lowWeight[x], columns.highWeight[x], columns.lowWeight[x], columns.highWeight[x])
          taps.append(
            Tap(
              topLeft: top + left, topRight: top + right, bottomLeft: bottom + left, bottomRight: bottom + right,
              weights: vertical * horizontal * share))
        }
      }
    }
    return taps
  }

  /// One bin of a run of 16 channels.
  @inline(__always)
  private func fillVector(
    _ taps: UnsafeBufferPointer<Tap>, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    let pixels = unsafe UnsafeRawPointer(source)
    var sum = SIMD16<Float>(repeating: 0)
    for index in taps.indices {
      let tap = unsafe taps[index]
      let weights = tap.weights
      sum += unsafe pixels.loadUnaligned(fromByteOffset: 4 * tap.topLeft, as: SIMD16<Float>.self) * weights.x
      sum += unsafe pixels.loadUnaligned(fromByteOffset: 4 * tap.topRight, as: SIMD16<Float>.self) * weights.y
      sum += unsafe pixels.loadUnaligned(fromByteOffset: 4 * tap.bottomLeft, as: SIMD16<Float>.self) * weights.z
      sum += unsafe pixels.loadUnaligned(fromByteOffset: 4 * tap.bottomRight, as: SIMD16<Float>.self) * weights.w
    }
    unsafe UnsafeMutableRawPointer(target).storeBytes(of: sum, as: SIMD16<Float>.self)
  }

  /// One bin of a run of any other length, number by number.
  private func fill(
    _ taps: UnsafeBufferPointer<Tap>, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<runs.runLength {
      var sum: Float = 0
      for index in taps.indices {
        let tap = unsafe taps[index]
        let pixels = unsafe SIMD4(
          source[tap.topLeft + channel], source[tap.topRight + channel], source[tap.bottomLeft + channel],
          source[tap.bottomRight + channel])
        sum += (pixels * tap.weights).sum()
      }
      unsafe target[channel] = sum
    }
  }
}
