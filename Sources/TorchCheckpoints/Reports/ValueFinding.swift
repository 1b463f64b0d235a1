import StateDicts

/// A tensor whose values no sound model has.
public struct ValueFinding: Equatable, Sendable, Encodable {
  /// What values are checked for.
  public enum Check: String, CaseIterable, Codable, Sendable {
    /// A number is NaN.
    case nan
    /// A number is infinite.
    case infinity
    /// A running variance (`running_var`) is below zero.
    case negativeVariance = "negative-variance"
    /// All numbers of a weight of two or more dimensions are equal.
    ///
    /// The weights of normalization, which have one dimension, begin as ones and are left out.
    case constant
  }

  /// The tensor's name.
  public let name: String
  /// What was found.
  public let check: Check
  /// How much of it, in a few words.
  public let message: String
}

extension Checkpoint {
  /// Reads every element, and returns what no sound model has, in the order of the file.
  ///
  /// - Throws: `checksumMismatch` where a storage is damaged.
  func findings(
    _ checks: Set<ValueFinding.Check>, progress: @escaping @Sendable (ByteProgress) -> Void
  ) throws -> [ValueFinding] {
    let (tensors, expanded) = (tensors, expandedPlaces)
    guard expanded.allSatisfy({ tensors[$0].tensor.isExpandedBeyondLimit }) else {
      throw RepeatedBytes.exceeded(options.limits.expandedByteCount)
    }
    var findings: [ValueFinding] = []
    try forEachStatistics(except: expanded, progress: progress) { place, statistics in
      let row = tensors[place]
      let last = row.name.split(separator: ".").last
      let count = statistics.count
      findings += ValueFinding.Check.allCases.filter(checks.contains).compactMap { check in
        let message: String? =
          switch check {
          case .nan: statistics.nan > 0 ? "\(statistics.nan) of \(count) are NaN" : nil
          case .infinity: statistics.infinities > 0 ? "\(statistics.infinities) of \(count) are infinite" : nil
          case .negativeVariance:
            statistics.minimum.flatMap {
              last == "running_var" && $0 < 0 ? "the smallest running variance is \($0)" : nil
            }
          case .constant:
            statistics.minimum.flatMap {
              last == "weight" && row.tensor.shape.count > 1 && count > 1 && statistics.maximum == $0
                && statistics.nan + statistics.infinities == 0 ? "all \(count) are \($0)" : nil
            }
          }
        return message.map { ValueFinding(name: row.name, check: check, message: $0) }
      }
    }
    return findings
  }

  /// The places of tensors that are not read as a whole: each is a view expanded beyond memory, or one that repeats more bytes
  /// than the limits allow for all so far together.
  var expandedPlaces: Set<Int> {
    let all = tensors
    var repeated = RepeatedBytes(limit: options.limits.expandedByteCount, over: all.lazy.map(\.tensor))
    return Set(all.indices.filter { all[$0].tensor.isExpandedBeyondLimit || !repeated.admit(all[$0].tensor) })
  }

  /// Calls `body` with the statistics of each tensor, in order: of those that have elements and are not in `expandedPlaces`.
  func forEachStatistics(
    except expanded: Set<Int>, progress: @escaping @Sendable (ByteProgress) -> Void,
    _ body: (_ place: Int, TensorStatistics) -> Void
  ) throws {
    let all = tensors
    let places = all.indices.filter { all[$0].tensor.composition?.hasElements != false && !expanded.contains($0) }
    let sum = ProgressSum(total: places.reduce(0) { $0 &+ all[$1].tensor.byteCount }, progress)
    try Tensor.forEachStatistics(
      of: places.map { all[$0].tensor }, progress: { sum.add($0, all[places[$1]].name) }, { body(places[$0], $1) })
  }
}
