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
    let wanted = try library.preferredLayout([regions.count, channels, size, size])
    let isBlocked = wanted.channelRuns != nil
    let target = try isBlocked ? wanted : Layout(plain: wanted.dimensions)
    let result = activation(target)
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
      let samples = RegionSamples(region, size: size, samplingRatio: samplingRatio, in: levels[region.level])
      levels[region.level].gather(samples, image: region.image, into: output, index: index, size: size)
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

/// A region's samples on both axes.
private struct RegionSamples {
  let rows: AxisSamples
  let columns: AxisSamples

  init(_ region: Region, size: Int, samplingRatio: Int, in level: FeatureLevel) {
    rows = AxisSamples(
      start: region.top, extent: max(region.height, 1), size: size, samplingRatio: samplingRatio, limit: level.height)
    columns = AxisSamples(
      start: region.left, extent: max(region.width, 1), size: size, samplingRatio: samplingRatio, limit: level.width)
  }
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
  func gather(_ samples: RegionSamples, image: Int, into output: OutputRegions, index: Int, size: Int) {
    let (rows, columns) = (samples.rows, samples.columns)
    let share = 1 / Float(max(rows.perBin * columns.perBin, 1))
    for run in 0..<runs.runCount {
      let channel = run * runs.runLength
      let source = unsafe start + runs.offset(image, channel, 0, 0)
      for row in 0..<size {
        for column in 0..<size {
          let target = unsafe output.start + output.runs.offset(index, channel, row, column)
          switch runs.runLength {
          case 16: unsafe bin(SIMD16<Float>.self, source, rows, row, columns, column, share, target)
          case 8: unsafe bin(SIMD8<Float>.self, source, rows, row, columns, column, share, target)
          default: unsafe bin(rows, row, columns, column, share, source, target)
          }
        }
      }
    }
  }

  /// One bin of a whole run of channels.
  @inline(__always)
  private func bin<Run: SIMD>(
    _: Run.Type, _ source: UnsafePointer<Float>, _ rows: AxisSamples, _ row: Int, _ columns: AxisSamples, _ column: Int,
    _ share: Float, _ target: UnsafeMutablePointer<Float>
  ) where Run.Scalar == Float {
    func at(_ y: Int, _ x: Int) -> Run {
      unsafe UnsafeRawPointer(source + y * runs.rowStride + x * runs.pixelStride).loadUnaligned(as: Run.self)
    }
    var sum = Run(repeating: 0)
    for y in row * rows.perBin..<(row + 1) * rows.perBin {
      for x in column * columns.perBin..<(column + 1) * columns.perBin {
        let (top, bottom) = (rows.lowWeight[y], rows.highWeight[y])
        let (left, right) = (columns.lowWeight[x], columns.highWeight[x])
        sum += at(rows.low[y], columns.low[x]) * (top * left) + at(rows.low[y], columns.high[x]) * (top * right)
        sum += at(rows.high[y], columns.low[x]) * (bottom * left) + at(rows.high[y], columns.high[x]) * (bottom * right)
      }
    }
    unsafe UnsafeMutableRawPointer(target).storeBytes(of: sum * share, as: Run.self)
  }

  /// One bin of runs of another length, number by number.
  private func bin(
    _ rows: AxisSamples, _ row: Int, _ columns: AxisSamples, _ column: Int, _ share: Float,
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<runs.runLength {
      func at(_ y: Int, _ x: Int) -> Float { unsafe source[channel + y * runs.rowStride + x * runs.pixelStride] }
      var sum: Float = 0
      for y in row * rows.perBin..<(row + 1) * rows.perBin {
        for x in column * columns.perBin..<(column + 1) * columns.perBin {
          let (top, bottom) = (rows.lowWeight[y], rows.highWeight[y])
          let (left, right) = (columns.lowWeight[x], columns.highWeight[x])
          sum += top * left * at(rows.low[y], columns.low[x]) + top * right * at(rows.low[y], columns.high[x])
          sum += bottom * left * at(rows.high[y], columns.low[x]) + bottom * right * at(rows.high[y], columns.high[x])
        }
      }
      unsafe target[channel] = sum * share
    }
  }
}
