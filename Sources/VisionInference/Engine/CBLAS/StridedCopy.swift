/// A copy of numbers from one layout into another of the same dimensions.
struct StridedCopy: Kernel {
  /// One dimension, and how far apart its numbers lie.
  private struct Axis {
    let count, from, to: Int
  }

  /// The dimensions, from the one that goes furthest in the target to the one whose numbers lie closest there.
  private let axes: [Axis]
  private let threadCount: Int

  init(_ source: Layout, _ destination: Layout, threadCount: Int) {
    axes = source.dimensions.indices
      .map { Axis(count: source.dimensions[$0], from: source.strides[$0], to: destination.strides[$0]) }
      .filter { $0.count != 1 }.sorted { $0.to > $1.to }
    self.threadCount = threadCount
  }

  func callAsFunction(_ memory: StepMemory) {
    guard axes.count > 1 else { return unsafe copy(axes[...], memory.source, memory.destination) }
    concurrently(axes[0].count, threadCount: threadCount) { index in
      unsafe copy(
        axes.dropFirst(), memory.source + index * axes[0].from, memory.destination + index * axes[0].to)
    }
  }

  private func copy(_ axes: ArraySlice<Axis>, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
    guard let axis = axes.first else { return unsafe target.pointee = source.pointee }
    if axes.count > 1 {
      for index in 0..<axis.count {
        unsafe copy(axes.dropFirst(), source + index * axis.from, target + index * axis.to)
      }
    } else if axis.from == 1, axis.to == 1 {
      unsafe target.update(from: source, count: axis.count)
    } else {
      for index in 0..<axis.count { unsafe target[index * axis.to] = source[index * axis.from] }
    }
  }
}
