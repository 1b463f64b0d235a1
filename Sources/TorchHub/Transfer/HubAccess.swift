import Foundation
import StateDicts

/// How a file is asked for on Hugging Face: with a token, if there is one; and what the server's refusals mean.
struct HubAccess: Sendable {
  let hub: HuggingFaceHub
  let address: HuggingFaceAddress

  /// The field that carries the token; nil for every server but the endpoint, wherever that redirects to.
  func authorization(for url: URL) -> String? { hub.isEndpoint(url) ? hub.token?.authorization : nil }

  /// Refuses what the endpoint refuses, and says what to do.
  ///
  /// - Throws: `notFound` for what is not there, `httpStatus` for what may not be read.
  func check(_ head: ResponseHead, at url: URL) throws(CheckpointError) {
    guard hub.isEndpoint(url), [401, 403, 404, 410].contains(head.status) else { return }
    let (message, remedy) = refusal(head)
    throw CheckpointError(
      head.status == 404 || head.status == 410 ? .notFound : .httpStatus, "\(message) (status \(head.status)).",
      file: address.description, remedy: remedy)
  }

  private func refusal(_ head: ResponseHead) -> (message: String, remedy: String) {
    let repository = address.repository
    let page = "\(hub.endpoint.absoluteString)/\(repository)"
    let login = "set HF_TOKEN to a token that may read it, or log in with hf auth login"
    switch head.hub.errorCode {
    case "GatedRepo":
      let accept = "accept the conditions on \(page)"
      return (
        "\(repository) is gated: its owner decides who may read it",
        hub.token == nil ? "\(accept), then \(login)" : "\(accept) with the account of your token"
      )
    case "RevisionNotFound":
      return (
        "\(repository) has no branch, tag or commit \(address.revision)",
        "look for its name on \(page)/tree/main; the commit is written in full"
      )
    case "EntryNotFound":
      return (
        "\(repository) has no file \(address.path) at \(address.revision)", "look for its name on \(page)/tree/main"
      )
    default: break
    }
    switch head.status {
    case 403:
      return (
        "The server does not let you read \(repository)",
        hub.token == nil ? login : "use a token that may read it (HF_TOKEN, or hf auth login)"
      )
    case 401 where hub.token != nil:
      return (
        "The server does not accept the token, or \(repository) does not exist or is private",
        "check the name on \(hub.endpoint.absoluteString), and the token (HF_TOKEN, or hf auth login)"
      )
    case 401:
      return ("\(repository) does not exist or is private", "check the name; for a private repository, \(login)")
    default:
      return ("The server has no \(repository), or it is private", "check the name; for a private repository, \(login)")
    }
  }
}
