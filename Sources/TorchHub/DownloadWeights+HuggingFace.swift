public import Foundation
public import StateDicts

/// Downloads weights of a model on Hugging Face into its cache folder, or finds them there, and returns their path.
///
///     let file = try await downloadWeights(from: HuggingFaceAddress("hf://owner/name/model.safetensors"))
///     let weights = try await loadStateDict(url: file)
///
/// The cache has the layout of `huggingface_hub`, so each finds the files of the other. Of a folder, the file is used that a library
/// would load: `model.safetensors`, or the index of its shards, which are downloaded too. A file that is in the cache is used without
/// asking whether the branch has moved. Each file appears when it is complete and, if it is a large one, its SHA-256 is right.
///
/// - Parameters:
///   - address: The file or folder.
///   - hub: The server, the token and the cache folder; nil for those of the environment.
///   - options: Time limits, and the SHA-256 if it is known; `fileName` is not used.
///   - progress: Called from a background thread, at most about twenty times a second for each file. Not called for a file in the cache.
/// - Returns: The file URL of the file, in the snapshot of its commit.
/// - Throws: `CancellationError` when the task is cancelled; `CheckpointError` with one of the codes of the download from a URL;
///   `isDirectory` for a folder with no weights under a usual name.
public func downloadWeights(
  from address: HuggingFaceAddress, on hub: HuggingFaceHub? = nil, options: DownloadOptions = DownloadOptions(),
  progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
) async throws -> URL {
  let download = try HubDownload(hub: hub ?? HuggingFaceHub(), address: address, options: options, progress: progress)
  return try await download.run()
}

extension HuggingFaceHub {
  /// Asks for the commit and the file that an address leads to now.
  ///
  /// - Returns: The address with a commit for its revision, and with the file that a library would load if it is one of a folder.
  /// - Throws: As for a download.
  public func resolve(
    _ address: HuggingFaceAddress, options: DownloadOptions = DownloadOptions()
  ) async throws -> HuggingFaceAddress {
    try checkOnline(address, options)
    return try await HubFile.find(address, on: self, options).address
  }

  /// - Throws: `notCached` if only the cache is to be used.
  fileprivate func checkOnline(_ address: HuggingFaceAddress, _ options: DownloadOptions) throws(CheckpointError) {
    guard isOffline || options.isOffline else { return }
    throw CheckpointError(
      .notCached, "\(address) is not in the cache, or not all of it, and downloads are disabled.",
      file: cacheFolder.path,
      remedy: isOffline ? "unset HF_HUB_OFFLINE, or download it once while online" : "download it once while online")
  }
}

/// The download of a file with the shards that it lists.
private struct HubDownload {
  let hub: HuggingFaceHub
  let address: HuggingFaceAddress
  let options: DownloadOptions
  let progress: @Sendable (ByteProgress) -> Void
  private let cache: RepositoryCache

  init(
    hub: HuggingFaceHub, address: HuggingFaceAddress, options: DownloadOptions,
    progress: @escaping @Sendable (ByteProgress) -> Void
  ) {
    self.hub = hub
    self.address = address
    self.options = options
    self.progress = progress
    cache = RepositoryCache(of: address.repository, in: hub)
  }

  func run() async throws -> URL {
    if let cached = try await offCooperativePool({ try cached() }) { return cached }
    try hub.checkOnline(address, options)
    let file = try await HubFile.find(address, on: hub, options)
    try await fetch(file, options.hash)
    // The digits that the caller knows are those of one file.
    let ofShards: HashCheck = options.hash == .none ? .none : .name
    for shard in try cache.shards(of: file.address) where !cache.has(shard) {
      try await fetch(HubFile.describe(shard, on: hub, options), ofShards)
    }
    try cache.note(file.address.revision, for: address.revision)
    return cache.pointer(to: file.address)
  }

  private func cached() throws -> URL? {
    guard let file = try cache.weights(at: address) else { return nil }
    if options.checksCachedFile {
      try HashPrefix(options.hash, known: RepositoryCache.digits(of: file))?.check(fileAt: file)
    }
    return file
  }

  private func fetch(_ file: HubFile, _ hash: HashCheck) async throws {
    guard !cache.has(file.address) else { return }
    try cache.createFolders(for: file.address)
    let blob = cache.blob(file.tag.text)
    if try !blob.holdsFile(), let part = try await PartialFile.claim(for: blob, ending: ".pth2swt.incomplete") {
      let name = file.address.path
      let download = Download(
        source: try hub.url(of: file.address), part: part, hash: HashPrefix(hash, known: file.tag.sha256),
        options: options, access: HubAccess(hub: hub, address: file.address), byteCount: file.byteCount
      ) { [progress] report in
        progress(
          ByteProgress(
            completedByteCount: report.completedByteCount, totalByteCount: report.totalByteCount, name: name,
            resumedByteCount: report.resumedByteCount))
      }
      try await download.run()
    }
    try cache.link(file.address, to: file.tag.text)
  }
}
