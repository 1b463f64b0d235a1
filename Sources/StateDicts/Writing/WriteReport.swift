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
  /// The names of the files in the output folder; empty if the output is a single file.
  public internal(set) var files: [String] = []
  /// The names of files that an earlier run had finished and that were taken up.
  public internal(set) var resumed: [String] = []
  /// Whether the output was read back and compared with its sources.
  public internal(set) var isVerified = false
}
