/// The result of writing a state dict: what was written and what was left out.
///
/// Each tensor of the state dict is in `written`, `aliases` or `leftOut`. `leftOut` also has the tensors of the
/// checkpoint that are not in the state dict. Other values are written too, or listed in `notKept`.
public struct WriteReport: Sendable {
  /// A name that was written as an alias of a tensor in the file.
  public struct Alias: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The name under which the tensor was written.
    public let kept: String
  }

  /// The names of the tensors that were written, in the order of the state dict.
  public internal(set) var written: [String] = []
  /// The names that were written as aliases.
  public internal(set) var aliases: [Alias] = []
  /// The tensors that were not written, by their names in the checkpoint, each with the reason.
  public internal(set) var leftOut: [LeftOut] = []
  /// The total size of the tensors that were written, without header and padding.
  public internal(set) var byteCount = 0
  /// Other values that were not written, or not as they were, such as objects of unknown classes, each with the reason.
  public internal(set) var notKept: [LeftOut] = []
  /// The tensors that were converted to another dtype, in the order of the state dict, with what that lost.
  public internal(set) var casts: [Cast] = []
  /// The names of the files in the output folder; empty if the output is a single file.
  public internal(set) var files: [String] = []
  /// The names of files that an earlier run had finished and that were taken up.
  public internal(set) var resumed: [String] = []
  /// Whether the output was read back and compared with its sources.
  public internal(set) var isVerified = false
  /// What this process did, if it is one of several workers.
  public internal(set) var share: Share?

  /// The share of one of several workers.
  public struct Share: Sendable {
    /// The worker.
    public let worker: WriteOptions.Worker
    /// The names of its files, written now or taken up.
    public let files: [String]
    /// The total size of the tensors in them.
    public let byteCount: Int
    /// Whether the files of all workers are whole; an index is then there too.
    public let isComplete: Bool
  }

  /// A tensor that was converted to another dtype.
  public struct Cast: Sendable, Encodable {
    /// The name.
    public let name: String
    /// The dtypes of its parts in the source, each once.
    public let from: [ElementType]
    /// The dtype that was written.
    public let to: ElementType
    /// The number of elements that were converted.
    public let elements: Int
    /// The number of finite values that became other finite values.
    public internal(set) var rounded = 0
    /// The number of finite values that became infinite or NaN.
    public internal(set) var overflowed = 0

    let storage: ObjectIdentifier

    private enum CodingKeys: String, CodingKey {
      case name, from, to, elements, rounded, overflowed
    }
  }

  /// Returns the report with what conversions lost, by the storage of the converted tensor.
  func counting(_ losses: [ObjectIdentifier: ElementCast.Losses]) -> WriteReport {
    var report = self
    report.casts = casts.map { $0.counting(losses) }
    return report
  }
}

extension WriteReport.Cast {
  /// Nil for a tensor that is not converted.
  init?(_ name: String, _ tensor: Tensor) {
    guard tensor.storage.computedContents != nil else { return nil }
    var from: [ElementType] = []
    var elements = 0
    tensor.forEachConversion { conversion, cast in
      if !from.contains(cast.source) { from.append(cast.source) }
      elements += conversion.elementCount
    }
    guard !from.isEmpty else { return nil }
    self.init(
      name: name, from: from, to: tensor.elementType, elements: elements, storage: ObjectIdentifier(tensor.storage))
  }

  fileprivate func counting(_ losses: [ObjectIdentifier: ElementCast.Losses]) -> Self {
    guard let lost = losses[storage] else { return self }
    var cast = self
    (cast.rounded, cast.overflowed) = (lost.rounded, lost.overflowed)
    return cast
  }
}
