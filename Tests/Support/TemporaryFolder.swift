import Foundation

/// A folder that is there for as long as this is referred to, or until a test removes it: a local one could go while a path
/// in it is still in use.
final class TemporaryFolder: Sendable {
  let url: URL

  init(_ files: [String: [UInt8]] = [:]) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("pth2swt-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, bytes) in files { try write(bytes, name) }
  }

  deinit { remove() }

  func remove() { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The names of what is in it, hidden files too.
  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  func contents(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appendingPathComponent(name))) }

  func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    try Data(bytes).write(to: url.appendingPathComponent(name))
  }

  /// Writes a text file and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    try write(text.utf8, name)
    return path(name)
  }
}
