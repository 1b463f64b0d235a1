import Foundation

/// What Linux says of a process.
enum ProcessFile {
  /// A whole file of `/proc/PROCESS`.
  ///
  /// Its size is 0, by which Foundation's calls that return a whole file read the first page only.
  static func text(_ name: String, of process: String = "self") throws -> String {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process)/\(name)"))
    return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
  }
}
