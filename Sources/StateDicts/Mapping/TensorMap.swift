/// A conversion as data: steps that make one state dict of another, in order.
///
///     [{"drop": "*.num_batches_tracked"},
///      {"rename": "a.*.w", "to": "b.*.weight"},
///      {"cast": "*", "to": "bfloat16"}]
///
/// In a pattern, `*` matches any characters, as `NamePattern` has it. What is done is known from names, dtypes and shapes;
/// no element is read before the result is.
public struct TensorMap: Hashable, Sendable {
  /// The steps, in order; each sees the names that the one before it leaves.
  public var steps: [Step]

  /// Creates a map.
  public init(_ steps: [Step] = []) {
    self.steps = steps
  }

  /// A step of a map.
  ///
  /// A dimension below 0 is counted from the last, which is -1.
  public enum Step: Hashable, Sendable {
    /// Keeps the tensors that one of the patterns matches, and no others.
    case keep([NamePattern])
    /// Leaves out the tensors that one of the patterns matches.
    case drop([NamePattern])
    /// Renames tensors: the first line that fits decides.
    case rename(KeyMap)
    /// Converts floating-point tensors to another floating-point dtype, with torch's rounding; others stay.
    case cast([NamePattern], to: ElementType)
    /// Puts dimensions in another order, as torch's `permute`.
    case permute([NamePattern], axes: [Int])
    /// Changes the shape; one size may be -1.
    case reshape([NamePattern], shape: [Int])
    /// Splits tensors along a dimension: into equal parts unless sizes are given.
    case split(NamePattern, dimension: Int, into: [NamePattern], sizes: [Int]?)
    /// Joins tensors along a dimension: those in whose names the stars match the same.
    case concat([NamePattern], dimension: Int, into: NamePattern)
    /// Joins the tensors 0, 1, 2 … along a new dimension.
    case stack(NumberedPattern, dimension: Int, into: NamePattern)
    /// Takes tensors apart along a dimension, which is removed: its indices become numbers in names.
    case unstack(NamePattern, dimension: Int, into: NumberedPattern)
  }
}

extension TensorMap.Step {
  /// The key of the step in JSON.
  var verb: String {
    switch self {
    case .keep: "keep"
    case .drop: "drop"
    case .rename: "rename"
    case .cast: "cast"
    case .permute: "permute"
    case .reshape: "reshape"
    case .split: "split"
    case .concat: "concat"
    case .stack: "stack"
    case .unstack: "unstack"
    }
  }
}

extension TensorMap {
  /// The error of a step, which it names by its number and its text.
  ///
  /// - Parameter number: Counted from 0.
  static func error(
    _ code: CheckpointError.Code = .malformedMap, step number: Int, _ step: Step, _ message: String,
    details: [String] = [], remedy: String? = nil
  ) -> CheckpointError {
    let text = step.json.text
    let shown = text.count > 160 ? text.prefix(160) + "…" : text[...]
    return CheckpointError(code, "Step \(number + 1), \(shown): \(message)", details: details, remedy: remedy)
  }
}
