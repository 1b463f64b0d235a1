package import VisionModels

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

extension Region {
  /// Where it lies on a coarse grid: level, row, column.
  fileprivate var cell: (Int, Float, Float) { (level, (top / 16).rounded(.down), left) }
}

extension Arithmetic {
  /// RoIAlign: each region cut into `size` x `size` bins, each bin the mean of bilinear samples at
  /// `samplingRatio` x `samplingRatio` points, without rounding.
  ///
  /// Source: `torchvision/csrc/ops/cpu/roi_align_kernel.cpp`, `aligned=False`.
  ///
  /// - Returns: [regions, C, size, size], or nil for no regions.
  package func alignedRegions(_ levels: [Activation], _ regions: [Region], size: Int, samplingRatio: Int)
    throws(VisionError) -> Activation?
  {
    guard !regions.isEmpty, let channels = levels.first?.shape[1] else { return nil }
    let result = try activation(library.rowLayout([regions.count, channels, size, size]))
    let levels = try levels.map { level throws(VisionError) in
      try FeatureLevel(arranged(level, as: library.preferredLayout(level.shape)))
    }
    let output = try OutputRegions(result)
    // Neighbours one after another find each other's pixels in the cache; proposals come in the order of their scores.
    let order = regions.indices.sorted { regions[$0].cell < regions[$1].cell }
    concurrently(regions.count, threadCount: threadCount) { place in
      let index = order[place]
      let region = regions[index]
      levels[region.level].gather(region, samplingRatio: samplingRatio, into: output, index: index, size: size)
    }
    // The shares of a bin's pixels come to 1 at most.
    result.buffer.bound = levels.map(\.floats.buffer.bound).max() ?? .infinity
    return result
  }
}

/// The pixels of one axis that each bin is made of, and their shares.
private struct AxisShares {
  private var pixels: [(place: Int, share: Float)] = []
  /// Where each bin's pixels begin, and the end of the last.
  private var starts = [0]

  init(start: Float, extent: Float, size: Int, samplingRatio: Int, limit: Int) {
    let bin = extent / Float(size)
    for place in 0..<size {
      for sample in 0..<samplingRatio {
        let at = start + Float(place) * bin + (Float(sample) + 0.5) * bin / Float(samplingRatio)
        // A sample outside counts as 0.
        guard at >= -1, at <= Float(limit) else { continue }
        let inside = min(max(at, 0), Float(limit - 1))
        let first = Int(inside)
        let fraction = inside - Float(first)
        add(first, (1 - fraction) / Float(samplingRatio))
        if fraction > 0 { add(first + 1, fraction / Float(samplingRatio)) }
      }
      starts.append(pixels.count)
    }
  }

  /// Neighbouring samples share pixels: each is read once, so only the last two can be met again.
  private mutating func add(_ place: Int, _ share: Float) {
    let own = pixels.indices.suffix(from: max(starts.last ?? 0, pixels.count - 2))
    if let known = own.first(where: { pixels[$0].place == place }) {
      pixels[known].share += share
    } else {
      pixels.append((place, share))
    }
  }

  subscript(bin: Int) -> ArraySlice<(place: Int, share: Float)> { pixels[starts[bin]..<starts[bin + 1]] }
}

/// A pixel that a bin is made of, as its distance from the channel's first, and its share.
private struct Tap {
  let offset: Int
  let share: Float
}

/// Where regions are written: each index by one thread only.
private struct OutputRegions: Sendable {
  let floats: SharedFloats
  let runs: ChannelRuns

  init(_ regions: Activation) throws(VisionError) {
    floats = SharedFloats(regions.buffer)
    runs = try regions.requiredChannelRuns
  }
}

/// A feature level while regions are read from it by several threads.
private struct FeatureLevel: Sendable {
  let floats: SharedFloats
  let runs: ChannelRuns
  let height: Int
  let width: Int

  init(_ map: Activation) throws(VisionError) {
    floats = SharedFloats(map.buffer)
    runs = try map.requiredChannelRuns
    height = map.shape[2]
    width = map.shape[3]
  }

  /// Fills one region, bin by bin, a run of channels at a time.
  func gather(_ region: Region, samplingRatio: Int, into output: OutputRegions, index: Int, size: Int) {
    let rows = AxisShares(
      start: region.top, extent: max(region.height, 1), size: size, samplingRatio: samplingRatio, limit: height)
    let columns = AxisShares(
      start: region.left, extent: max(region.width, 1), size: size, samplingRatio: samplingRatio, limit: width)
    let (taps, starts) = taps(rows, columns, size: size)
    unsafe taps.withUnsafeBufferPointer { taps in
      for run in 0..<runs.runCount {
        let source = unsafe UnsafePointer(floats.start) + runs.offset(region.image, run * runs.runLength, 0, 0)
        for bin in 0..<size * size {
          let place = output.runs.offset(index, run * runs.runLength, bin / size, bin % size)
          let own = unsafe UnsafeBufferPointer(rebasing: taps[starts[bin]..<starts[bin + 1]])
          unsafe fill(own, UnsafeRawPointer(source), UnsafeMutableRawPointer(output.floats.start + place))
        }
      }
    }
  }

  /// The taps of all bins, row by row, and where each bin's begin.
  private func taps(_ rows: AxisShares, _ columns: AxisShares, size: Int) -> (taps: [Tap], starts: [Int]) {
    var (taps, starts) = ([Tap](), [0])
    for bin in 0..<size * size {
      for row in rows[bin / size] {
        for column in columns[bin % size] {
          let offset = row.place * runs.rowStride + column.place * runs.pixelStride
          taps.append(Tap(offset: offset, share: row.share * column.share))
        }
      }
      starts.append(taps.count)
    }
    return (taps, starts)
  }

  /// One bin of a run of channels: in vectors of 16, the rest in vectors of 8, of 4, and number by number.
  private func fill(
    _ taps: UnsafeBufferPointer<Tap>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    var channel = 0
    unsafe fill(taps, source, target, from: &channel, by: SIMD16<Float>.self)
    unsafe fill(taps, source, target, from: &channel, by: SIMD8<Float>.self)
    unsafe fill(taps, source, target, from: &channel, by: SIMD4<Float>.self)
    let (numbers, results) = unsafe (
      source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self)
    )
    while channel < runs.runLength {
      let sum = taps.indices.reduce(Float(0)) { unsafe $0 + numbers[taps[$1].offset + channel] * taps[$1].share }
      unsafe results[channel] = sum
      channel += 1
    }
  }

  /// The channels of a run from one on that fill whole vectors.
  @inline(__always)
  private func fill<Vector: SIMD<Float>>(
    _ taps: UnsafeBufferPointer<Tap>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    from channel: inout Int, by vector: Vector.Type
  ) {
    while channel + Vector.scalarCount <= runs.runLength {
      var sum = Vector()
      for index in taps.indices {
        let tap = unsafe taps[index]
        let pixels = unsafe source.loadUnaligned(
          fromByteOffset: MemoryLayout<Float>.stride * (tap.offset + channel), as: Vector.self)
        sum += pixels * tap.share
      }
      unsafe target.storeBytes(of: sum, toByteOffset: MemoryLayout<Float>.stride * channel, as: Vector.self)
      channel += Vector.scalarCount
    }
  }
}
