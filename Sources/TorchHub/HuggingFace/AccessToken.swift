import Foundation
import StateDicts

/// A token of Hugging Face, which is shown nowhere: neither by printing nor by reflection.
struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
  /// The value of the request's field `Authorization`.
  let authorization: String

  /// - Parameter source: Where the text comes from, for messages.
  /// - Returns: Nil if the text is empty or has only spaces.
  /// - Throws: `unsupported` if the text has characters that a request cannot contain. The message does not show the text.
  init?(_ text: String, from source: String) throws(CheckpointError) {
    let token = text.filter { !$0.isNewline }.trimmingCharacters(in: .whitespaces)
    guard !token.isEmpty else { return nil }
    guard token.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
      throw CheckpointError(
        .unsupported, "\(source) has characters that no token has.", remedy: "set it again, without quotes or spaces")
    }
    authorization = "Bearer " + token
  }

  var description: String { "a token" }
  var customMirror: Mirror { Mirror(self, children: []) }
}
