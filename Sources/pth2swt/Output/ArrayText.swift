import StateDicts

/// A tensor's values as numpy's `str` prints an array: rows in brackets, and only the corners of a large one.
///
/// Only elements that are printed are read.
///
/// Source: `_formatArray` in numpy 2.4's `numpy/_core/arrayprint.py`.
struct ArrayText {
  /// The number of elements from which on only corners are printed.
  static let threshold = 1000
  /// The number of elements at each end of a dimension in a corner.
  private static let edge = 3
  private static let lineWidth = 75

  private let shape: [Int]
  private let shown: [Int]
  private let words: [String]

  /// Reads the elements that are printed.
  ///
  /// - Parameters:
  ///   - isWhole: Whether all elements are printed, however many there are.
  ///   - precision: The most digits after the point.
  init(_ tensor: Tensor, isWhole: Bool, precision: Int) throws {
    shape = tensor.shape
    var corners = tensor
    if !isWhole, tensor.elementCount > Self.threshold {
      for (axis, size) in shape.enumerated() where size > 2 * Self.edge {
        corners = try Tensor.joined(
          [corners.narrowed(axis, 0..<Self.edge), corners.narrowed(axis, size - Self.edge..<size)], axis: axis,
          requiresGrad: false, name: tensor.storage.key)
      }
    }
    shown = corners.shape
    let elements = try corners.shownElements()
    words = shape.isEmpty ? [elements.alone] : elements.words(precision: precision)
  }

  /// The number of elements that are printed.
  static func elementCount(of tensor: Tensor, isWhole: Bool) -> Int {
    guard !isWhole, tensor.elementCount > threshold else { return tensor.elementCount }
    return tensor.shape.reduce(1) { $0 * min($1, 2 * edge) }
  }

  var lines: [String] {
    guard !shape.isEmpty else { return words }
    guard !words.isEmpty else { return ["[]"] }
    return text(axis: 0, from: 0, indent: 1, width: Self.lineWidth).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
  }

  /// The text of a part of the array, in which the indices before `axis` are fixed.
  ///
  /// - Parameter start: The place of its first word.
  private func text(axis: Int, from start: Int, indent: Int, width: Int) -> String {
    if axis == shape.count { return words[start] }
    let size = shown[(axis + 1)...].reduce(1, *)
    let margin = String(repeating: " ", count: indent)
    let isLast = axis == shape.count - 1
    var items = (0..<shown[axis]).map {
      text(axis: axis + 1, from: start + $0 * size, indent: indent + 1, width: width - 1)
    }
    if shown[axis] < shape[axis] { items.insert("...", at: Self.edge) }
    guard isLast else {
      let separator = String(repeating: "\n", count: shape.count - axis - 1) + margin
      return "[" + items.joined(separator: separator) + "]"
    }
    var lines = ""
    var line = margin
    var length = indent
    for (place, item) in items.enumerated() {
      if place > 0 {
        line += " "
        length += 1
      }
      if length + item.utf8.count > width - 1, length > indent {
        while line.last == " " { line.removeLast() }
        lines += line + "\n"
        (line, length) = (margin, indent)
      }
      line += item
      length += item.utf8.count
    }
    return "[" + (lines + line).dropFirst(indent) + "]"
  }
}

extension Tensor {
  /// The elements in C order; those that are no numbers by themselves, such as bits, as integers.
  func shownElements() throws -> ShownElements {
    switch elementType {
    case .bool: return .bools(try [Bool](self))
    case .uint8, .int8, .uint16, .int16, .uint32, .int32, .int64: return .integers(try [Int64](self))
    case .uint64: return .unsigned(try [UInt64](self))
    case .float16: return .reals(try [Double](self), .half)
    case .float64: return .reals(try [Double](self), .double)
    case .float32, .bfloat16, .float8_e4m3fn, .float8_e4m3fnuz, .float8_e5m2, .float8_e5m2fnuz, .float8_e8m0fnu:
      return .reals(try [Double](self), .single)
    case .complex32: return .complex(try [Double](parts(.float16)), .single)
    case .complex64: return .complex(try [Double](parts(.float32)), .single)
    case .complex128: return .complex(try [Double](parts(.float64)), .double)
    case .qint8: return .integers(try [Int64](viewed(as: .int8)))
    case .qint32: return .integers(try [Int64](viewed(as: .int32)))
    case .bits16: return .integers(try [Int64](viewed(as: .uint16)))
    case .quint8, .bits8, .bits1x8, .bits2x4, .bits4x2, .float4_e2m1fn_x2:
      return .integers(try [Int64](viewed(as: .uint8)))
    case .quint4x2, .quint2x4: return .integers(try [Int64](packedBytes()))
    }
  }

  /// Real and imaginary parts in turn.
  private func parts(_ type: ElementType) throws -> Tensor {
    let plain = try contiguous()
    let count = 2 * elementCount
    return Tensor(
      elementType: type,
      geometry: TensorGeometry(contiguous: [count], elementCount: count).moved(by: 2 * plain.geometry.offset),
      storage: plain.storage)
  }

  /// Returns the tensor with its bytes taken as elements of another type of that size.
  private func viewed(as type: ElementType) -> Tensor {
    Tensor(elementType: type, geometry: geometry, storage: storage)
  }
}
