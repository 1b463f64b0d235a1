/// What is written beside an output of several files, from notes on them: an audit card.
package protocol OutputCompanion: Sendable {
  /// The sizes of what must be noted beside the output's files: inputs that are hashed.
  var itemByteCounts: [Int] { get }
  /// Returns the note on one of those.
  func note(onItem number: Int) throws -> JSONValue
  /// Returns the note on a file that is whole.
  ///
  /// - Parameters:
  ///   - name: The file's name in the output.
  ///   - path: Where the file can be read.
  ///   - tensors: The names of its tensors, also those that are kept as aliases.
  ///   - report: The report, in which the losses of this file are counted.
  func note(on name: String, at path: FilePath, tensors: [String], _ report: WriteReport) throws -> JSONValue
  /// Whether it is there.
  var isWritten: Bool { get }
  /// Writes it.
  ///
  /// - Parameters:
  ///   - items: The notes on the items.
  ///   - files: The notes on all files with tensors, in the order of the plan.
  ///   - index: The index of the files, if there is one.
  func write(
    items: [JSONValue], files: [JSONValue], index: (name: String, bytes: [UInt8])?, _ report: WriteReport) throws
}
