import Foundation

/// Files that are not part of the project: models and pictures beside it, in `../shared`.
///
/// Tests that need them say so where they are not there.
enum SharedFiles {
  static func url(_ path: String) -> URL { Repository.shared(path) }
  static func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }
}

/// How much is run.
///
/// Unoptimized code takes some seconds for each image, so `swift test` runs a part of the pairs; `swift test -c
/// release` runs all of them.
enum TestExtent {
  #if DEBUG
    static let isWhole = false
  #else
    static let isWhole = true
  #endif
}
