/// What is fuzzed.
///
/// Each target has seeds and a dictionary of its own (Fuzz/prepare.py).
enum Target: String, CaseIterable {
  /// A pickle by itself, and as the pickle of a torch archive.
  case pickle
  /// Torch's archives, also whole modules and composite tensors; TorchScript.
  case zip, torchscript
  case legacy, tar
  /// Folders, each a zip archive of its files: DCP's metadata and items, shards and their index, the files of ranks.
  case distributed, shards, ranks
  case safetensors
  case npy, npz
  /// Checkpoints in zip, tar and gzip, and exported programs.
  case wrapped
  case json
  /// The registry of a model, and a map of names and steps.
  case registry, map
  case jpeg, png
  /// A file of any kind, read from memory, mapped, in blocks and copied.
  case differential

  /// The file taken apart, if its bytes have the structure that most files of this target have.
  func structure(of bytes: [UInt8]) -> (any Structure)? {
    switch self {
    case .zip, .torchscript, .npz, .distributed, .shards, .ranks: StoredZip(bytes)
    case .tar: TarMembers(bytes)
    case .safetensors: SafetensorsParts(bytes)
    case .png: PNGChunks(bytes)
    case .wrapped, .differential: StoredZip(bytes) ?? TarMembers(bytes) ?? SafetensorsParts(bytes)
    case .pickle, .legacy, .npy, .json, .registry, .map, .jpeg: nil
    }
  }
}
