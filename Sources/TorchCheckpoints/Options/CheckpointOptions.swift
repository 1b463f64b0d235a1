public import StateDicts

/// How a checkpoint is opened.
public struct CheckpointOptions: Sendable {
  /// How a file's bytes are reached.
  public enum Mapping: Sendable {
    /// The file is mapped; a tensor's bytes are read from it when they are touched. A file that another program cuts
    /// short meanwhile ends this one (SIGBUS): `copy` does not have that risk.
    case mapped
    /// The file is read into memory at once.
    case copy
  }

  /// How a file's bytes are reached.
  public var mapping: Mapping
  /// What a file may ask for.
  public var limits: CheckpointLimits
  /// Whether a storage's CRC-32 is checked when its bytes are first used in whole.
  ///
  /// Writing a file and verifying one always check.
  public var checksCRC: Bool
  /// Whether to go on where the pickle names a global that exists to run code.
  ///
  /// It is not run either way.
  public var allowsDangerousGlobals: Bool

  /// Which of several objects is meant, where torch.save was called more than once on one file: 0 is the first.
  public var objectNumber: Int

  /// What the elements of npy and npz files are that numpy writes as plain bytes (`|V2`, `|V1`), as it does for
  /// bfloat16 and the 8-bit floats of ml_dtypes; nil to leave such arrays out.
  public var numpyVoidType: ElementType?

  /// Which file is meant, where an archive holds several checkpoints: its name there, such as `policy.pth`.
  ///
  /// A file in an archive in the archive is named by both: `weights.zip/policy.pth`. Nil chooses the only one.
  public var member: String?

  /// Whether `member` may be left without use, since it is meant for another file.
  package var memberIsOptional = false

  /// How many files this one lies in, each in the pickle of the next or an archive.
  var embeddingDepth = 0
  /// Whether stored entries of a zip archive are read where they lie; tests read everything through libzip instead.
  var locatesEntries = true
  /// What was unpacked so far of the file that is being opened; nil before anything was.
  var unpacking: Unpacking?

  /// Creates options: mapped, the default limits, CRC checked, dangerous globals refused.
  public init(
    mapping: Mapping = .mapped, limits: CheckpointLimits = .init(), checksCRC: Bool = true,
    allowsDangerousGlobals: Bool = false, objectNumber: Int = 0, member: String? = nil
  ) {
    self.objectNumber = objectNumber
    self.member = member
    self.mapping = mapping
    self.limits = limits
    self.checksCRC = checksCRC
    self.allowsDangerousGlobals = allowsDangerousGlobals
  }
}
