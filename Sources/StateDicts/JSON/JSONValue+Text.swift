extension JSONValue {
  /// Parses JSON text.
  ///
  /// - Throws: `malformedHeader` with the byte offset.
  public init(parsing text: String) throws(CheckpointError) {
    var text = text
    self = try text.withUTF8 { bytes in
      Result { () throws(CheckpointError) in try unsafe JSONValue(parsing: UnsafeRawBufferPointer(bytes)) }
    }.get()
  }

  /// Parses JSON text in part of a file.
  ///
  /// - Throws: `malformedHeader` with the byte offset in the part.
  package init(parsing store: ByteStore, in range: Range<Int>) throws(CheckpointError) {
    try store.hold(range)
    defer { store.release(range) }
    self = try unsafe store.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in
        try unsafe JSONValue(parsing: UnsafeRawBufferPointer(rebasing: bytes[range]))
      }
    }.get()
  }

  private init(parsing bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var scanner = JSONScanner(unsafe bytes.bytes)
    self = try scanner.value()
    guard scanner.isAtEnd else { throw scanner.malformed("Unexpected text after the JSON value.") }
  }

  /// The value as JSON on one line, members in order.
  public var text: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  package func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): bytes.append(contentsOf: String(value).utf8)
    case .number(let value): bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        item.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// A string with quotes and JSON escapes.
  package static func write(_ text: String, to bytes: inout [UInt8]) { write(text, to: &bytes) { _ in } }

  /// A string with quotes and JSON escapes.
  ///
  /// - Parameter passed: Called before each character with what is written.
  @inline(__always)
  package static func write(_ text: String, to bytes: inout [UInt8], passed: (inout [UInt8]) -> Void) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte & 0xC0 != 0x80 { passed(&bytes) }
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes.append(contentsOf: (digits.count == 1 ? "\\u000" : "\\u00").utf8)
        bytes.append(contentsOf: digits.utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension JSONValue: Encodable {
  /// Encodes the value; the encoder determines the order of members.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let value): try value.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .number(let value): try value.encode(to: encoder)
    case .string(let value): try value.encode(to: encoder)
    case .array(let items): try items.encode(to: encoder)
    case .object(let members): try members.encode(to: encoder)
    }
  }
}
