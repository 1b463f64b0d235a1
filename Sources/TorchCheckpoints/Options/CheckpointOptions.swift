public import StateDicts

/// Options for opening a checkpoint.
public struct CheckpointOptions: Sendable {
  /// How the bytes of a file are read.
  public enum Mapping: Sendable {
    /// Maps a file that lies on this machine. Reads as `unmapped` what lies on a network file system or on one that is another
    /// program (NFS, SMB, Lustre, FUSE …).
    case automatic
    /// Maps the file and reads the bytes of a tensor when they are used. If another program truncates the file
    /// meanwhile, or its server does not answer, the process ends with SIGBUS.
    case mapped
    /// Reads the bytes of a tensor when they are used, in blocks of 256 KiB, of which at most 16 MiB are kept. If they cannot be
    /// read, that is an error.
    case unmapped
    /// Reads the whole file into memory at once: what another program changes later has no effect.
    case copy
  }

  /// How the bytes of a file are read.
  public var mapping: Mapping
  /// The limits on what a file may request.
  public var limits: CheckpointLimits
  /// Whether to check the CRC-32 of a storage when all of its bytes are first used.
  ///
  /// Writing and verifying always check.
  public var checksCRC: Bool
  /// Whether to accept files whose pickle names a global that can run code.
  ///
  /// The global is never run.
  public var allowsDangerousGlobals: Bool

  /// The index of the object to read if torch.save was called several times on one file.
  public var objectNumber: Int

  /// The dtype of numpy arrays of type `|V2` or `|V1`; nil to leave such arrays out.
  ///
  /// NumPy writes bfloat16 and the 8-bit floats of ml_dtypes this way in npy and npz files; in a pickle, arrays have such a type
  /// after they were read from such a file.
  public var numpyVoidType: ElementType?

  /// The name of the archive member to read, such as `policy.pth`; nil for the only checkpoint in the archive.
  ///
  /// A member of a nested archive is given by both names: `weights.zip/policy.pth`.
  public var member: String?

  /// Whether `member` may be unused, because it is for another file.
  package var memberIsOptional = false

  /// How files are opened.
  var access: FileAccess {
    switch mapping {
    case .automatic: .automatic
    case .mapped: .mapped
    case .unmapped: .unmapped
    case .copy: .copy
    }
  }

  /// How many files this one lies in, each in the pickle of the next or an archive.
  var embeddingDepth = 0
  /// Whether stored entries of a zip archive are read where they lie; tests read everything through libzip instead.
  var locatesEntries = true
  /// What was unpacked so far of the file that is being opened; nil before anything was.
  var unpacking: Unpacking?

  /// Creates options; by default local files are mapped, CRCs are checked, and dangerous globals are refused.
  public init(
    mapping: Mapping = .automatic, limits: CheckpointLimits = .init(), checksCRC: Bool = true,
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
