public import Foundation
import StateDicts

/// Downloads a file of weights into torch's cache folder, or finds it there, and returns where it lies.
///
///     let file = try await downloadWeights(from: url) { print($0.completedBytes, $0.totalBytes ?? 0) }
///     let weights = try loadStateDict(url: file)
///
/// The counterpart of `torch.hub.load_state_dict_from_url` (torch/hub.py): one folder, one name, so that either finds
/// what the other has downloaded. The file appears under its name only when all of its bytes have arrived and its hash,
/// where the name holds one, is right. What a broken or cancelled download has fetched waits beside it, as `NAME.part`,
/// for the next call to go on from. Calls for one file at once, in one process or several, download it once.
///
/// - Parameters:
///   - url: An https URL; its last path component is the file's name, as torch has it.
///   - folder: Where the file is kept.
///   - options: Names, hashes, limits of patience; see `DownloadOptions`.
///   - progress: Called from a background queue, some twenty times a second at most, and once when all bytes are there.
///     Not called for a file that is already there.
/// - Returns: The file's URL on this machine.
/// - Throws: `CancellationError` when the task is cancelled; `CheckpointError` with one of the codes `notCached`
///   (offline), `insecureURL`, `unsupported` (no URL that can be downloaded), `notFound` (status 404 and 410),
///   `httpStatus`, `connectionFailed`, `hashMismatch`, `notACheckpoint` (a web page, nothing at all), `cannotCreate`
///   (folder not writable, disk full), `inputOutput`.
public func downloadWeights(
  from url: URL, in folder: HubFolder = HubFolder(), options: DownloadOptions = DownloadOptions(),
  progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
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
  try folder.create()
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
