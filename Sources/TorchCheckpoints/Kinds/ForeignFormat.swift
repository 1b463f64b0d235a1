import StateDicts

/// A format that is not a torch checkpoint, recognised by its bytes, with its name and a remedy.
///
/// `table` has one row for each; the first row that fits decides. A file's name has no say.
struct ForeignFormat: Sendable {
  /// How a format is recognised.
  enum Mark: Sendable {
    /// The bytes at an offset.
    case bytes([UInt8], at: Int = 0)
    /// The last bytes of the file.
    case ending([UInt8])
    /// The beginning of a text in lower case, without leading white space.
    case text(String)
    /// Any other form of the first bytes.
    case form(@Sendable (FileHead) -> Bool)
  }

  /// The name with its article: "an ONNX model".
  let name: String
  /// What to do, as a command or a sentence without its full stop.
  let remedy: String
  let marks: [Mark]

  init(_ name: String, _ remedy: String, _ marks: Mark...) {
    self.name = name
    self.remedy = remedy
    self.marks = marks
  }

  /// The row of the table that matches a file; nil if there is none.
  static func detect(_ head: FileHead) -> ForeignFormat? {
    table.first { format in format.marks.contains { $0.fits(head) } }
  }

  /// What is wrong with a file of this format.
  var error: CheckpointError {
    CheckpointError(.notACheckpoint, "This is \(name), not a checkpoint.", remedy: remedy)
  }
}

extension ForeignFormat.Mark {
  fileprivate func fits(_ head: FileHead) -> Bool {
    switch self {
    case .bytes(let magic, let offset): head.bytes.dropFirst(offset).starts(with: magic)
    case .ending(let magic): head.tail.count > magic.count && head.tail.suffix(magic.count).elementsEqual(magic)
    case .text(let start): head.text.hasPrefix(start)
    case .form(let fits): fits(head)
    }
  }
}

extension ForeignFormat {
  /// What is wrong with a JSON text that is no index of shards: it may say so itself.
  static func json(_ store: ByteStore) -> CheckpointError {
    let text = FileHead(store).text
    var remedy = "give the path of the index, with the shards next to it"
    if text.contains("\"architectures\"") || text.contains("\"model_type\"") || text.contains("\"_class_name\"") {
      remedy = "this is a model configuration; the weights are in a .safetensors or .bin file next to it"
    } else if ["\"error\"", "\"message\"", "\"detail\""].contains(where: text.contains) {
      remedy = "this is a server response (\(text.prefix(100))): check the address and the login"
    }
    return CheckpointError(
      .notACheckpoint, "Not an index of shards: the JSON has no weight_map.", remedy: remedy)
  }
}
