import ArgumentParser
import StateDicts

/// A part of a tensor, written as numpy's basic indexing: `0`, `0:3, :`, `..., -1`, `::2`.
struct TensorSlice {
  private enum Item: Equatable {
    case index(Int)
    case range(start: Int?, end: Int?, step: Int)
    case ellipsis
  }

  /// Elements along one dimension: every `step`th from `start` on.
  struct Axis {
    let start: Int
    let count: Int
    let step: Int
    /// Whether it is a single index, whose dimension is removed.
    let isIndex: Bool
  }

  /// The text as it was given.
  let text: String
  private let items: [Item]

  /// - Throws: `ValidationError` if the text is not a slice.
  init(_ text: String) throws {
    self.text = text
    var inner = text.filter { $0 != " " }
    if inner.hasPrefix("["), inner.hasSuffix("]") { inner = String(inner.dropFirst().dropLast()) }
    items = try inner.split(separator: ",").map { part in
      if part == "..." { return .ellipsis }
      let bounds = part.split(separator: ":", omittingEmptySubsequences: false)
      let numbers = try bounds.map { bound -> Int? in
        if bound.isEmpty { return nil }
        guard let number = Int(bound) else { throw Self.malformed(text) }
        return number
      }
      if numbers.count == 1, let index = numbers[0] { return .index(index) }
      guard numbers.count == 2 || numbers.count == 3 else { throw Self.malformed(text) }
      let step = numbers.count == 3 ? numbers[2] ?? 1 : 1
      guard step > 0 else { throw ValidationError("Steps of --slice must be positive, not \(step).") }
      return .range(start: numbers[0], end: numbers[1], step: step)
    }
    guard !items.isEmpty, items.count(where: { $0 == .ellipsis }) <= 1 else { throw Self.malformed(text) }
  }

  private static func malformed(_ text: String) -> ValidationError {
    ValidationError("--slice '\(text)' is not a slice such as 0:3,: or ...,-1.")
  }

  /// The elements along each dimension of a tensor of some shape.
  ///
  /// - Throws: `ValidationError` if the slice has more dimensions, or an index is outside of one.
  func axes(of shape: [Int]) throws -> [Axis] {
    let given = items.count(where: { $0 != .ellipsis })
    guard given <= shape.count else {
      throw ValidationError(
        "--slice '\(text)' has \(given) dimensions; the tensor of shape \(shape) has \(shape.count).")
    }
    var items = items
    let rest = [Item](repeating: .range(start: nil, end: nil, step: 1), count: shape.count - given)
    let place = items.firstIndex(of: .ellipsis)
    items.replaceSubrange(place.map { $0..<$0 + 1 } ?? items.endIndex..<items.endIndex, with: rest)
    return try zip(items, shape).enumerated().map { dimension, pair in
      let size = pair.1
      func clamped(_ bound: Int?, or usual: Int) -> Int {
        bound.map { min(max($0 < 0 ? max($0, -size) + size : $0, 0), size) } ?? usual
      }
      switch pair.0 {
      case .index(let index):
        guard index < size, index >= -size else {
          throw ValidationError(
            "Index \(index) of --slice is outside dimension \(dimension) of shape \(shape), whose size is \(size).")
        }
        return Axis(start: index < 0 ? index + size : index, count: 1, step: 1, isIndex: true)
      case .range(let start, let end, let step):
        let first = clamped(start, or: 0)
        let length = max(clamped(end, or: size) - first, 0)
        return Axis(start: first, count: length == 0 ? 0 : (length - 1) / step + 1, step: step, isIndex: false)
      case .ellipsis:
        return Axis(start: 0, count: size, step: 1, isIndex: false)
      }
    }
  }

  /// Returns a view of the part of a tensor; nothing is read.
  func view(of tensor: Tensor) throws -> Tensor {
    var view = tensor
    var dimension = 0
    for axis in try axes(of: tensor.shape) {
      if axis.isIndex {
        view = try view.selected(dimension, axis.start)
      } else {
        let end = axis.count == 0 ? axis.start : axis.start + (axis.count - 1) * axis.step + 1
        view = try view.narrowed(dimension, axis.start..<end).strided(dimension, by: axis.step)
        dimension += 1
      }
    }
    return view
  }
}
