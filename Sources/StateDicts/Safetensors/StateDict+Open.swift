#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension StateDict {
  /// Opens a `.swt` or safetensors file: all that an app needs which ships its weights so.
  ///
  ///     let weights = try StateDict(contentsOf: url)
  ///
  /// Torch's own formats are opened by `loadStateDict(url:)` of TorchCheckpoints, which opens these too.
  ///
  /// - Parameter mapped: whether bytes are read from the mapped file when they are touched, or all at once into memory.
  /// - Parameter checksCRC: whether a tensor's CRC-32, which `.swt` files have, is checked when its bytes are first used.
  /// - Throws: `CheckpointError`: `notFound`, `malformedHeader`, `truncated`, `malformedTensor` and others.
  public init(contentsOf url: URL, mapped: Bool = true, checksCRC: Bool = true) throws(CheckpointError) {
    let path = try FilePath(fileURL: url)
    let store = try ByteStore(path: path, mapped: mapped)
    do throws(CheckpointError) {
      try self.init(safetensors: store, file: path.description, checksOnUse: checksCRC)
    } catch {
      throw error.located(file: path.description)
    }
  }
}
