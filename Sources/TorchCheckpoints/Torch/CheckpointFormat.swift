/// The container that a checkpoint came in.
public enum CheckpointFormat: String, Sendable {
  case zip = "torch zip"
  /// Torch 0.1.10 to 1.5.
  case legacy = "torch legacy"
  /// Torch 0.1.9 and before.
  case tar = "torch tar"
  case torchscript
  /// A pickle by itself.
  case pickle
  /// Several files behind an index, as Hugging Face's libraries write them.
  case shards
  /// A folder of torch.distributed.checkpoint.
  case distributed = "torch distributed"
  /// A program that torch.export saved.
  case exported = "torch export"
  case npy
  case npz
  case safetensors
  case swt
}
