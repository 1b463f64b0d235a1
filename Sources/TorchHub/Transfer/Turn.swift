import Foundation
import StateDicts

/// Where a download goes from a response that is not the file.
enum Turn: Error {
  /// To another URL.
  case elsewhere(URL)
  /// To the file's first byte: what has arrived is of another version, or the server cannot go on from there.
  case over
  /// To the same request once more, after some seconds if the server says so; the error, if this goes on.
  case again(CheckpointError, after: Int?)
}
