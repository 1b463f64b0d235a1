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
    let home = environment["TORCH_HOME"] ?? Self.joined(cache, "torch")
    let path = Self.joined(Self.expandingUser(home, environment), "hub/checkpoints")
    url = URL(fileURLWithPath: path, isDirectory: true)
  }

  /// Python's `os.path.join`, for a second part that is relative.
  private static func joined(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// Python's `os.path.expanduser`: HOME first, then the system's list of users; an unknown user's path stays as it is.
  private static func expandingUser(_ path: String, _ environment: [String: String]) -> String {
    guard path.hasPrefix("~") else { return path }
    let user = path.dropFirst().prefix { $0 != "/" }
    let found = user.isEmpty ? environment["HOME"] ?? NSHomeDirectory() : NSHomeDirectoryForUser(String(user))
    guard var home = found else { return path }
    while home.hasSuffix("/") { home.removeLast() }
    let expanded = home + path.dropFirst(1 + user.count)
    return expanded.isEmpty ? "/" : expanded
  }

  /// Makes the folder, and those that it lies in.
  func create() throws(CheckpointError) {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(
        .cannotCreate, "The cache folder cannot be created: \(error.localizedDescription)", file: url.path,
        remedy: "set TORCH_HOME to a writable folder")
    }
  }
}
