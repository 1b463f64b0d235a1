/// A format that a state dict can be written in.
public enum OutputFormat: String, Sendable, CaseIterable, Codable {
  /// A safetensors file with the layout and metadata of docs/formats/swt.md; its name ends in `.swt`.
  case swt
  /// A safetensors file with the layout and metadata of `.swt`, or several such files with an index.
  case safetensors
  /// Torch's zip format, as `torch.save` of torch 2.13 writes it.
  case pth
  /// A zip archive of numpy arrays, one for each tensor.
  case npz
  /// One numpy array.
  case npy

  /// The formats by the last extension of a file's name, in lower case.
  private static let byExtension: [String: OutputFormat] = [
    "swt": .swt, "safetensors": .safetensors, "pth": .pth, "pt": .pth, "bin": .pth, "ckpt": .pth, "th": .pth,
    "npz": .npz, "npy": .npy,
  ]

  /// The extensions that name a format.
  package static var extensions: [String] { byExtension.keys.sorted() }

  /// Returns the format that a file's name says by its extension: `.pth`, `.pth.tar`, `.npz`; nil if it says none.
  package init?(nameOf path: FilePath) {
    let name = String(decoding: path.name.bytes, as: UTF8.self).lowercased()
    // Torch's examples name checkpoints so; they are no tar archives.
    let parts = (name.hasSuffix(".pth.tar") ? name.dropLast(4) : name[...])
      .split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, let format = parts.last.flatMap({ Self.byExtension[String($0)] }) else { return nil }
    self = format
  }
}
