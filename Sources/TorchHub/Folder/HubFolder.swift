public import Foundation
import StateDicts

/// The folder for weights downloaded by torch.hub.
///
/// The rules are those of `get_dir` and `load_state_dict_from_url` in torch/hub.py:
///
///     $TORCH_HOME/hub/checkpoints                        where TORCH_HOME is set
///     $XDG_CACHE_HOME/torch/hub/checkpoints              where XDG_CACHE_HOME is
///     ~/.cache/torch/hub/checkpoints                     elsewhere
///
/// A leading `~` or `~name` is expanded. A variable that is set to nothing counts as set, so that the folder is
/// relative to the current one: torch has it so.
public struct HubFolder: Sendable, Equatable {
  /// The URL of the folder, which need not exist yet.
  public let url: URL

  /// Creates a folder of your own, like torch's `model_dir`; on iOS, use one in the app's caches folder.
  public init(_ url: URL) {
    self.url = url
  }

  /// Creates torch's folder for an environment.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let cache = environment["XDG_CACHE_HOME"] ?? "~/.cache"
    let home = environment["TORCH_HOME"] ?? PythonPath.joined(cache, "torch")
    let path = PythonPath.joined(PythonPath.expandingUser(home, environment), "hub/checkpoints")
    url = URL(fileURLWithPath: path, isDirectory: true)
  }
}

extension URL {
  /// Makes a folder of a cache, and those that it lies in.
  ///
  /// - Throws: `cannotCreate`.
  func createCacheFolder() throws(CheckpointError) {
    do {
      try FileManager.default.createDirectory(at: self, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(
        .cannotCreate, "The cache folder cannot be created: \(error.localizedDescription)", file: path,
        remedy: SystemFailure.otherFolder)
    }
  }
}
