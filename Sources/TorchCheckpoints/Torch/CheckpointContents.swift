import StateDicts

/// What a reader found in a file: its tensors, what else it holds, and what it says of itself.
///
/// Every reader returns one, and `Checkpoint` shows it to callers.
struct CheckpointContents: Sendable {
  /// Where tensors and other values come from.
  enum Values: Sendable {
    /// A pickle in which the state dict must still be found.
    case pickled(TorchValues)
    /// Named tensors with other values as JSON.
    case stateDict(StateDict)
  }

  /// A function that reads one file of any kind.
  ///
  /// Readers of what may hold other files are given it, since it lies above them.
  typealias Reader =
    @Sendable (
      _ store: ByteStore, _ file: String, _ options: CheckpointOptions
    ) throws(CheckpointError) -> CheckpointContents

  let format: CheckpointFormat
  /// The file, as given by the caller.
  var file: String
  /// The file's bytes.
  var store: ByteStore
  /// The size of the file, or of all files that were read.
  var byteCount: Int
  /// The format's own metadata.
  var marks: JSONObject = [:]
  /// Notes about the file, in sentences.
  var notes: [String] = []
  /// The globals that its pickles name.
  var globals: [GlobalUse] = []
  /// Every tensor, by the path to it from the top of the file.
  let tensors: [NamedTensor]
  /// Tensors and arrays whose elements have no dtype, each with the reason.
  let leftOut: [LeftOut]
  var values: Values
  /// Whether the state dict at the top has just these tensors.
  let isPlain: Bool
  /// The archive of the records, for verifying all of it.
  var archive: ZipArchive?
  /// The name of the archive's member that was read; nil where the file is the checkpoint itself.
  var member: String?
  /// The entries of zip archives that the file was read from, the innermost first.
  var outerEntries: [(archive: ZipArchive, entry: ZipArchive.Entry)] = []

  /// Contents of named tensors whose state dict is made already.
  ///
  /// - Parameter byteCount: The size of all files, if there are several.
  init(
    _ format: CheckpointFormat, file: String, store: ByteStore, byteCount: Int? = nil, tensors: [NamedTensor],
    leftOut: [LeftOut], values: Values, isPlain: Bool = true
  ) {
    self.format = format
    self.file = file
    self.store = store
    self.byteCount = byteCount ?? store.count
    self.tensors = tensors
    self.leftOut = leftOut
    self.values = values
    self.isPlain = isPlain
  }

  /// Contents of a format that holds named tensors and nothing to search in.
  ///
  /// - Throws: `nameCollision` if two tensors have one name.
  init(
    _ format: CheckpointFormat, file: String, store: ByteStore, byteCount: Int? = nil, tensors: [NamedTensor],
    otherValues: JSONObject = [:], leftOut: [LeftOut] = []
  ) throws(CheckpointError) {
    var stateDict = try StateDict(
      tensors.lazy.map { ($0.key, $0.tensor) }, originalNames: tensors.map(\.name), metadata: StateDict.Metadata())
    stateDict.metadata.otherValues = otherValues
    stateDict.metadata.leftOut = leftOut
    self.init(
      format, file: file, store: store, byteCount: byteCount, tensors: tensors, leftOut: leftOut,
      values: .stateDict(stateDict))
  }

  /// Contents of a pickle.
  ///
  /// - Parameter constants: Tensors outside it.
  /// - Throws: `malformedTensor`, `limitExceeded`.
  init(
    _ format: CheckpointFormat, file: String, store: ByteStore, byteCount: Int? = nil, pickled values: TorchValues,
    constants: [NamedTensor] = [], limits: CheckpointLimits
  ) throws(CheckpointError) {
    let (found, leftOut, isPlain) = try TensorWalk.tensors(
      under: values.pickle.root, of: values, .everything, limits: limits)
    self.init(
      format, file: file, store: store, byteCount: byteCount, tensors: found + constants, leftOut: leftOut,
      values: .pickled(values), isPlain: isPlain && constants.isEmpty)
    marks = ["pickle_protocol": .integer(values.pickle.proto)]
    notes = values.notes
    globals = values.globals
  }

  /// The whole value of a pickle; nil for formats that hold named tensors and nothing else.
  var value: CheckpointValue? {
    if case .pickled(let values) = values { CheckpointValue(values: values, id: values.pickle.root) } else { nil }
  }

  /// The origin of the tensors.
  var provenance: Provenance {
    Provenance(
      name: file.split(separator: "/").last.map(String.init) ?? file, byteCount: byteCount, format: format,
      marks: marks)
  }
}
