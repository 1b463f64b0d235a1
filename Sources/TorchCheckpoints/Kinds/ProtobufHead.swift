/// The first fields of a protobuf message, to tell formats that have no magic number by the fields that they begin
/// with.
///
///     08 08   12 07 70 79 74 6f 72 63 68   …      field 1 = 8, field 2 = "pytorch": an ONNX model
struct ProtobufHead {
  private struct Field {
    let number: Int
    /// The value of a varint field; the length of any other.
    let value: Int
    /// What a field of bytes holds, as far as it is there; nil for a varint.
    let content: ArraySlice<UInt8>?
  }

  private let first: Field?
  private let second: Field?

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    first = Self.next(&rest)
    second = Self.next(&rest)
  }

  /// `ir_version`, then the producer's name or what follows it.
  ///
  /// Source: `onnx.proto`.
  var isONNX: Bool {
    guard let first, first.number == 1, first.content == nil, (1...64).contains(first.value), let second else {
      return false
    }
    switch second.number {
    case 2: return second.content.map(Self.isName) ?? false
    case 3, 4, 6, 7, 8: return second.content != nil
    case 5: return second.content == nil
    default: return false
    }
  }

  /// `specificationVersion`, then a description, whose first input has a name.
  ///
  /// Source: Core ML's `Model.proto`.
  var isCoreML: Bool {
    guard let field = description, let name = field.field.content else { return false }
    return field.field.number == 1 && Self.isName(name) && !name.isEmpty
  }

  /// The schema's version, then a graph that begins with the list of its operations.
  ///
  /// Source: `saved_model.proto`.
  var isSavedModel: Bool { description?.field.number == 2 }

  /// Of a message in field 2 behind a version in field 1: the first field of its own first field.
  private var description: (version: Int, field: Field)? {
    guard let first, first.number == 1, first.content == nil, (1...64).contains(first.value), second?.number == 2,
      var content = second?.content, let inner = Self.next(&content), inner.number == 1, var parts = inner.content,
      let field = Self.next(&parts)
    else { return nil }
    return (first.value, field)
  }

  /// A node with its name and its operation.
  ///
  /// Source: `graph.proto`.
  var isGraph: Bool {
    guard let (name, operation) = pair else { return false }
    return name.number == 1 && operation.number == 2 && name.content.map(Self.isName) == true
      && operation.content.map { Self.isName($0) && !$0.isEmpty } == true
  }

  /// A piece of text with its score, which is a float.
  ///
  /// Source: `sentencepiece_model.proto`.
  var isSentencePiece: Bool {
    guard let first, first.number == 1, var content = first.content, let piece = Self.next(&content) else {
      return false
    }
    return piece.number == 1 && piece.content != nil && content.first == 0x15
  }

  /// A block with the number 0 and the parent -1.
  ///
  /// Source: `framework.proto`.
  var isPaddleProgram: Bool {
    guard let (index, parent) = pair else { return false }
    return index.number == 1 && index.content == nil && index.value == 0 && parent.number == 2 && parent.value == -1
  }

  /// The first two fields of the message in field 1.
  private var pair: (Field, Field)? {
    guard let first, first.number == 1, var content = first.content, let one = Self.next(&content),
      let two = Self.next(&content)
    else { return nil }
    return (one, two)
  }

  private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { (0x20..<0x7F).contains($0) } }

  private static func next(_ bytes: inout ArraySlice<UInt8>) -> Field? {
    guard let tag = varint(&bytes), let value = varint(&bytes), tag >> 3 > 0 else { return nil }
    switch tag & 7 {
    case 0: return Field(number: tag >> 3, value: value, content: nil)
    case 2:
      guard value >= 0 else { return nil }
      let content = bytes.prefix(value)
      bytes = bytes.dropFirst(value)
      return Field(number: tag >> 3, value: value, content: content)
    default: return nil
    }
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> Int? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return Int(truncatingIfNeeded: value) }
    }
    return nil
  }
}
