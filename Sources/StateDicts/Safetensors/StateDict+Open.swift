#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension StateDict {
  /// Opens a `.swt` or safetensors file, for example one that an app ships.
  ///
  ///     let weights = try StateDict(contentsOf: url)
  ///
  /// `loadStateDict(url:)` in TorchCheckpoints also opens torch's own formats.
  ///
  /// - Parameters:
  ///   - url: The file's URL.
  ///   - mapped: Whether to map the file (the default; one on a network file system is read in blocks as they are needed), or
  ///     read it into memory at once.
  ///   - checksCRC: Whether to check the CRC-32 that `.swt` files have when a tensor is first read.
  /// - Throws: `CheckpointError`: `notFound`, `malformedHeader`, `truncated`, `malformedTensor` and others.
  public init(contentsOf url: URL, mapped: Bool = true, checksCRC: Bool = true) throws(CheckpointError) {
    let path = try FilePath(fileURL: url)
    let store = try ByteStore(path: path, mapped ? .automatic : .copy)
    do throws(CheckpointError) {
      try self.init(safetensors: store, file: path.description, checksOnUse: checksCRC)
    } catch {
      throw (store.failure ?? error).located(file: path.description)
    }
  }
}
