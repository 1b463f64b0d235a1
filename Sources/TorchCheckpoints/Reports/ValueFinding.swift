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
    let figures = try statistics(progress: progress)
    return tensors.enumerated().flatMap { place, row in
      guard let statistics = figures[place] else { return [ValueFinding]() }
      let last = row.name.split(separator: ".").last
      let count = statistics.count
      return ValueFinding.Check.allCases.filter(checks.contains).compactMap { check in
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
  }

  /// The statistics of tensors, by their places: of those that have elements and are not expanded beyond memory.
  func statistics(progress: @escaping @Sendable (ByteProgress) -> Void) throws -> [Int: TensorStatistics] {
    let all = tensors
    let places = all.indices.filter { place in
      let tensor = all[place].tensor
      return tensor.composition?.hasElements != false && !tensor.isExpandedBeyondLimit
    }
    let sum = ProgressSum(total: places.reduce(0) { $0 &+ all[$1].tensor.byteCount }, progress)
    let figures = try Tensor.statistics(of: places.map { all[$0].tensor }) { count, number in
      sum.add(count, all[places[number]].name)
    }
    return Dictionary(uniqueKeysWithValues: zip(places, figures))
  }
}
