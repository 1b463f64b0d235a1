import Foundation

/// Files of the repository, from wherever the tests run.
enum Repository {
  /// The folder of Package.swift.
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path.count > 1, !FileManager.default.fileExists(atPath: folder.path + "/Package.swift") {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  static let testData = root.appendingPathComponent("TestData")

  /// A file of TestData/fixtures.
  static func fixture(_ path: String) -> URL { testData.appendingPathComponent("fixtures/" + path) }

  /// A file of the folder `shared` beside the repository, which is not everywhere.
  static func shared(_ path: String) -> URL {
    root.deletingLastPathComponent().appendingPathComponent("shared/" + path)
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }
}
