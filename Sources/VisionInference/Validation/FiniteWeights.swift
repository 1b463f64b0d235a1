import ModelParameters
import StateDicts
import VisionModels

extension ModelFit {
  /// The match, if a model that is loaded with it can be run.
  ///
  /// - Throws: `MatchError` where the weights do not fit, `configuration` where one is missing that was allowed to be,
  ///   `notFinite` with the name of a weight that is NaN or infinite.
  func runnableMatch() throws -> Match {
    try match.validate()
    if let first = match.missing.first {
      throw VisionError(
        .configuration, "The model cannot run: \(match.missing.count) weights are missing.", layer: first,
        remedy: "run pth2swt match without --allow-missing for suggestions")
    }
    try match.requireFinite()
    return match
  }
}

extension Match {
  /// Refuses weights that are NaN or infinite, by name.
  ///
  /// Done before a model runs: in oneDNN's kernels ReLU makes 0 of NaN, so broken weights give results that look sound.
  /// That finite weights do not overflow is shown while it runs: `Arithmetic.bound(of:on:addingTo:)`.
  ///
  /// - Throws: `notFinite`, the first such weight as its layer; what reading the weights throws.
  package func requireFinite() throws {
    let areFinite = try concurrentMap(bound) { try $0.tensor.isFinite() }
    let broken = zip(bound, areFinite).filter { !$1 }.map(\.0.name)
    guard let first = broken.first else { return }
    let (count, names) = (broken.count, broken.prefix(8).joined(separator: ", "))
    throw VisionError(
      .notFinite,
      count == 1
        ? "A weight has values that are NaN or infinite."
        : "\(count) weights have values that are NaN or infinite: \(names)\(count > 8 ? " …" : "").",
      layer: first, remedy: "use an earlier checkpoint: training diverged")
  }
}

extension Tensor {
  /// Whether no element is NaN or infinite; true for integers, and for kinds that no model here is loaded from.
  ///
  /// The pages that are read for it are given back.
  fileprivate func isFinite() throws -> Bool {
    guard let bits = elementType.exponentBits else { return true }
    var sums: UInt64 = 0
    try unsafe forEachWindow { window in unsafe sums |= bits.sums(in: window) }
    return sums & bits.above == 0
  }
}

extension ElementType {
  /// Where the exponent lies in each element of an eight-byte word; nil for types without one.
  fileprivate var exponentBits: ExponentBits? {
    switch self {
    case .float16: ExponentBits(mask: 0x7C00, repeated: 0x0001_0001_0001_0001)
    case .bfloat16: ExponentBits(mask: 0x7F80, repeated: 0x0001_0001_0001_0001)
    case .float32: ExponentBits(mask: 0x7F80_0000, repeated: 0x0000_0001_0000_0001)
    case .float64: ExponentBits(mask: 0x7FF0_0000_0000_0000, repeated: 1)
    default: nil
    }
  }
}

/// Finds numbers that are not finite a word at a time: their exponent has all its bits set, so that one more in its
/// lowest place carries into the sign's.
private struct ExponentBits {
  let mask: UInt64
  let lowest: UInt64
  /// The sign's places.
  let above: UInt64

  init(mask: UInt64, repeated: UInt64) {
    self.mask = mask * repeated
    lowest = (mask & ~(mask - 1)) * repeated
    above = (mask + (mask & ~(mask - 1))) * repeated
  }

  func sums(in window: UnsafeRawBufferPointer) -> UInt64 {
    var (sums, place): (UInt64, Int) = (0, 0)
    while place + 8 <= window.count {
      sums |= unsafe (window.loadUnaligned(fromByteOffset: place, as: UInt64.self) & mask) &+ lowest
      place += 8
    }
    var (rest, shift): (UInt64, UInt64) = (0, 0)
    while place < window.count {
      rest |= unsafe UInt64(window[place]) << shift
      place += 1
      shift += 8
    }
    return sums | ((rest & mask) &+ lowest)
  }
}
