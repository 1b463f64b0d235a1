/// The container format of a checkpoint.
public enum CheckpointFormat: String, Sendable {
  case zip = "torch zip"
  /// The legacy format of torch 0.1.10 to 1.5.
  case legacy = "torch legacy"
  /// The tar format of torch 0.1.9 and earlier.
  case tar = "torch tar"
  case torchscript
  /// A bare pickle.
  case pickle
  /// Shards with an index, as written by Hugging Face's libraries.
  case shards
  /// A folder of torch.distributed.checkpoint.
  case distributed = "torch distributed"
  /// Files of several ranks, each with its parts of DTensors or ShardedTensors.
  case ranks = "torch ranks"
  /// A folder of DeepSpeed's ZeRO optimizer: fp32 weights in partitions.
  case zero = "deepspeed zero"
  /// A program saved by torch.export.
  case exported = "torch export"
  case npy
  case npz
  case safetensors
  case swt
}
