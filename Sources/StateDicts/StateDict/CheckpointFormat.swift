/// The container format of a checkpoint.
///
/// A file may name a format as its origin that this version does not know.
public struct CheckpointFormat: RawRepresentable, Hashable, Sendable, Codable {
  /// The name, as `inspect` shows it.
  public let rawValue: String

  /// Creates a format from its name.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The zip format of torch 1.6 and later.
  public static let zip = Self(rawValue: "torch zip")
  /// The legacy format of torch 0.1.10 to 1.5.
  public static let legacy = Self(rawValue: "torch legacy")
  /// The tar format of torch 0.1.9 and earlier.
  public static let tar = Self(rawValue: "torch tar")
  /// A TorchScript archive.
  public static let torchscript = Self(rawValue: "torchscript")
  /// A bare pickle.
  public static let pickle = Self(rawValue: "pickle")
  /// Shards with an index, as written by Hugging Face's libraries.
  public static let shards = Self(rawValue: "shards")
  /// A folder of torch.distributed.checkpoint.
  public static let distributed = Self(rawValue: "torch distributed")
  /// Files of several ranks, each with its parts of DTensors or ShardedTensors.
  public static let ranks = Self(rawValue: "torch ranks")
  /// A folder of DeepSpeed's ZeRO optimizer: fp32 weights in partitions.
  public static let zero = Self(rawValue: "deepspeed zero")
  /// Several checkpoints that were merged into one.
  public static let merged = Self(rawValue: "merged")
  /// A program saved by torch.export.
  public static let exported = Self(rawValue: "torch export")
  /// A numpy array.
  public static let npy = Self(rawValue: "npy")
  /// A zip archive of numpy arrays.
  public static let npz = Self(rawValue: "npz")
  /// A safetensors file.
  public static let safetensors = Self(rawValue: "safetensors")
  /// A safetensors file with the layout and metadata of docs/formats/swt.md.
  public static let swt = Self(rawValue: "swt")
}

extension CheckpointFormat: CustomStringConvertible {
  /// The name.
  public var description: String { rawValue }
}
