public import Foundation
public import StateDicts

/// Downloads a weights file into torch's cache folder, or finds it there, and returns its path.
///
///     let file = try await downloadWeights(from: url) { print($0.fraction ?? 0) }
///     let weights = try await loadStateDict(url: file)
///
/// This is the counterpart of `torch.hub.load_state_dict_from_url` (torch/hub.py), with the same folder and names, so
/// each finds the files of the other. The file appears when it is complete and its hash, if the name has one, is right.
/// An interrupted or cancelled download leaves `NAME.part`, from which the next call resumes. Concurrent calls for one
/// file, in one process or several, download it once.
///
/// - Parameters:
///   - url: An https URL; its last path component is the name of the file, as in torch.
///   - folder: The folder for the file.
///   - options: File name, hash and time limits; see `DownloadOptions`.
///   - progress: Called from a background thread, at most about twenty times a second, and once at the end. Not called
///     for a file in the cache.
/// - Returns: The file URL of the downloaded file.
/// - Throws: `CancellationError` when the task is cancelled; `CheckpointError` with one of the codes `notCached`
///   (offline), `insecureURL`, `unsupported` (not a URL that can be downloaded), `notFound` (status 404 and 410),
///   `httpStatus`, `connectionFailed`, `hashMismatch`, `notACheckpoint` (a web page, an empty file), `cannotCreate`
///   (folder not writable, disk full), `inputOutput`.
public func downloadWeights(
  from url: URL, in folder: HubFolder = HubFolder(), options: DownloadOptions = DownloadOptions(),
  progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
) async throws -> URL {
  let name = try WeightsName(of: url, asked: options.fileName)
  let target = folder.url.appendingPathComponent(name.text, isDirectory: false)
  let hash = HashPrefix(options.hash, name: name)
  if try target.holdsFile() {
    if options.checksCachedFile { try await offCooperativePool { try hash?.check(fileAt: target) } }
    return target
  }
  guard !options.isOffline else {
    throw CheckpointError(
      .notCached, "\(name.text) is not in the cache, and downloads are disabled.", file: target.path,
      remedy: "download it once while online, or copy it to the cache")
  }
  try url.checkDownloadable(allowsPlainHTTP: options.allowsPlainHTTP)
  try folder.url.createCacheFolder()
  guard let part = try await PartialFile.claim(for: target) else { return target }
  let download = Download(source: url, part: part, hash: hash, options: options, progress: progress)
  try await download.run()
  return target
}

extension URL {
  /// Whether there is a file here: what torch asks with `os.path.exists`, but that a folder is an error at once.
  func holdsFile() throws(CheckpointError) -> Bool {
    guard let isFolder = OpenFile.isFolder(path) else { return false }
    guard !isFolder else {
      throw CheckpointError(
        .isDirectory, "The cache has a folder with the name of the file.", file: path,
        remedy: "use another file name")
    }
    return true
  }
}
