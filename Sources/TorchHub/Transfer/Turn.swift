import Foundation
import StateDicts

/// Where a download goes from a response that is not the file.
enum Turn: Error {
  /// Continue with another URL.
  case elsewhere(URL)
  /// Start again from the first byte, because the file changed or the server cannot resume.
  case over
  /// Repeat the request, after the delay that the server asks for; with the error to throw if this continues.
  case again(CheckpointError, after: Int?)
}
