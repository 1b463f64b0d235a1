import Foundation

/// A folder, in memory where there is such a file system, that is removed with this object.
final class ScratchFolder {
  private let url: URL
  private var unpacked: [String] = []

  init() throws {
    let memory = "/dev/shm"
    let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    url = URL(fileURLWithPath: parent).appendingPathComponent("pth2swt-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.path + "/" + name }

  /// Writes a file and returns its path.
  func write(_ bytes: [UInt8], _ name: String) -> String {
    let path = path(name)
    guard let file = unsafe fopen(path, "w") else { return path }
    _ = unsafe fwrite(bytes, 1, bytes.count, file)
    unsafe fclose(file)
    return path
  }

  /// Writes the files of an archive, in place of those of the one before, and returns the path of their folder.
  func unpack(_ archive: StoredZip) -> String {
    for path in unpacked { _ = unsafe remove(path) }
    unpacked = [path("folder")]
    _ = unsafe mkdir(path("folder"), 0o700)
    for part in archive.parts.prefix(16) {
      // Names stay within the folder.
      let names = String(decoding: part.name, as: UTF8.self).split { $0 == "/" || $0 == "\0" }.prefix(3)
      guard !names.isEmpty, names.allSatisfy({ $0 != ".." && $0 != "." && $0.utf8.count < 100 }) else { continue }
      var name = "folder"
      for part in names.dropLast() {
        name += "/" + part
        if unsafe mkdir(path(name), 0o700) == 0 { unpacked.insert(path(name), at: 0) }
      }
      if let last = names.last { unpacked.insert(write(part.bytes, name + "/" + last), at: 0) }
    }
    return path("folder")
  }
}
