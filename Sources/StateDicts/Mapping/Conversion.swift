/// What a map makes of a state dict, known from names, dtypes and shapes alone.
///
///     let conversion = try weights.converted(by: TensorMap(parsing: text))
///     try conversion.stateDict.write(to: url)
///     let back = try conversion.inverse()
public struct Conversion: Sendable {
  /// The map.
  public let map: TensorMap
  /// The result, whose tensors are computed when they are read; `origin(at:)` tells what each comes from.
  ///
  /// Its metadata has the map under the annotation `map`, with its inverse if there is one.
  public let stateDict: StateDict
  private let reversal: Result<TensorMap, CheckpointError>

  /// Applies a map.
  ///
  /// - Parameter isRecorded: Whether the map is added to the metadata.
  package init(_ map: TensorMap, of stateDict: StateDict, isRecorded: Bool = true) throws(CheckpointError) {
    self.map = map
    var current = stateDict
    var inverse: [TensorMap.Step] = []
    var failure: CheckpointError?
    for (number, step) in map.steps.enumerated() {
      let application = StepApplication(step: step, number: number, stateDict: current)
      let moves = try application.moves()
      let next = try application.apply(moves)
      switch application.inverse(moves, after: next) {
      case .steps(let steps): inverse.insert(contentsOf: steps, at: 0)
      case .none(let reason):
        failure =
          failure
          ?? TensorMap.error(.unsupported, step: number, step, "it cannot be undone: \(reason).")
      }
      current = next
    }
    reversal = failure.map { .failure($0) } ?? .success(TensorMap(inverse))
    if isRecorded, !map.steps.isEmpty {
      current.metadata.record(map, inverse: failure == nil ? TensorMap(inverse) : nil)
    }
    self.stateDict = current
  }

  /// Returns the map that makes of the result what it was made from.
  ///
  /// Names, dtypes, shapes and bytes are the same again. The order of tensors may be another, where tensors were joined that
  /// did not stand side by side, and NaNs that went through another dtype are one NaN.
  ///
  /// - Throws: `unsupported` if a step cannot be undone, such as a cast that rounds.
  public func inverse() throws(CheckpointError) -> TensorMap { try reversal.get() }
}

extension StateDict {
  /// Returns what a map makes of the state dict; nothing is read.
  ///
  /// Ties, `requires_grad` and metadata go with the tensors, as in `replacingElements`.
  ///
  /// - Throws: `malformedMap` or `nameCollision`, with the number of the step, if a step does not fit.
  public func converted(by map: TensorMap) throws(CheckpointError) -> Conversion {
    try Conversion(map, of: self)
  }
}

extension StateDict.Metadata {
  /// Adds a map to those that made the tensors.
  package mutating func record(_ map: TensorMap, inverse: TensorMap?, purpose: String? = nil) {
    var members = JSONObject()
    if let purpose { members["for"] = .string(purpose) }
    members["steps"] = map.json
    if let inverse { members["inverse"] = inverse.json }
    let maps = annotations["map"]?.arrayValue ?? []
    annotations["map"] = nil
    annotations["map"] = .array(maps + [.object(members)])
  }
}
