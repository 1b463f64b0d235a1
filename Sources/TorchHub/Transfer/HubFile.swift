import Foundation
import StateDicts

/// A file on Hugging Face, as the server describes it.
struct HubFile: Sendable {
  /// The file at its commit.
  let address: HuggingFaceAddress
  let tag: FileTag
  let byteCount: Int64?

  /// Asks for what is at an address: the file, or the weights in the folder.
  ///
  /// - Throws: `notFound`; `unsupported` for a folder with no weights under a usual name; the errors of a download.
  static func find(
    _ address: HuggingFaceAddress, on hub: HuggingFaceHub, _ options: DownloadOptions
  ) async throws -> HubFile {
    guard !address.path.isEmpty else { return try await find(in: address, on: hub, options) }
    do {
      return try await describe(address, on: hub, options)
    } catch let error as CheckpointError where error.code == .notFound {
      // It may be a folder, which is not a file either.
      let listing = try? await Listing(of: address, on: hub, options)
      guard let listing, !listing.names.isEmpty else { throw error }
      return try await describe(listing.weights(), on: hub, options)
    }
  }

  private static func find(
    in folder: HuggingFaceAddress, on hub: HuggingFaceHub, _ options: DownloadOptions
  ) async throws -> HubFile {
    try await describe(Listing(of: folder, on: hub, options).weights(), on: hub, options)
  }

  /// Asks for the commit, the tag and the size of a file.
  static func describe(
    _ address: HuggingFaceAddress, on hub: HuggingFaceHub, _ options: DownloadOptions
  ) async throws -> HubFile {
    let traffic = try traffic(to: hub.url(of: address), for: address, on: hub, options)
    let head = try await traffic.head(of: hub)
    guard let commit = head.hub.commit, let tag = head.hub.tag else {
      throw CheckpointError(
        .httpStatus, "The server does not tell the commit and the ETag of the file.", file: traffic.source.shown,
        remedy: "check that HF_ENDPOINT is a server of Hugging Face or one like it")
    }
    guard HuggingFaceAddress.isCommit(commit) else {
      throw CheckpointError(.httpStatus, "The server gives \"\(commit)\" for a commit.", file: traffic.source.shown)
    }
    guard let name = FileTag(tag) else {
      throw CheckpointError(
        .httpStatus, "The server gives \(tag) for an ETag, which cannot be the name of a file.",
        file: traffic.source.shown)
    }
    return HubFile(
      address: try address.at(commit), tag: name,
      byteCount: head.hub.byteCount ?? (head.status == 200 ? head.byteCount : nil))
  }

  private static func traffic(
    to url: URL, for address: HuggingFaceAddress, on hub: HuggingFaceHub, _ options: DownloadOptions
  ) throws(CheckpointError) -> RangeTraffic {
    try url.checkDownloadable(allowsPlainHTTP: options.allowsPlainHTTP)
    return RangeTraffic(
      source: url, options: options, access: HubAccess(hub: hub, address: address), requestLimit: 100)
  }

  /// The files in a folder of a repository.
  private struct Listing {
    let folder: HuggingFaceAddress
    /// The names of files, and those of folders with a slash behind.
    let names: [String]

    private static let byteLimit = 1 << 26

    init(of address: HuggingFaceAddress, on hub: HuggingFaceHub, _ options: DownloadOptions) async throws {
      let traffic = try HubFile.traffic(to: hub.listing(of: address), for: address, on: hub, options)
      let bytes = try await traffic.whole(limit: Self.byteLimit)
      guard let answer = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self)),
        let commit = answer["sha"]?.stringValue, HuggingFaceAddress.isCommit(commit),
        let files = answer["siblings"]?.arrayValue
      else {
        throw CheckpointError(
          .httpStatus, "The server's list of the repository's files is malformed.", file: traffic.source.shown,
          remedy: "check that HF_ENDPOINT is a server of Hugging Face or one like it")
      }
      folder = try address.at(commit)
      let prefix = address.path.isEmpty ? "" : address.path + "/"
      let found = files.compactMap { file -> String? in
        guard let path = file["rfilename"]?.stringValue, path.hasPrefix(prefix) else { return nil }
        let name = path.dropFirst(prefix.count)
        return name.firstIndex(of: "/").map { String(name[...$0]) } ?? String(name)
      }
      names = Set(found).sorted()
    }

    /// The file that a library would load.
    func weights() throws(CheckpointError) -> HuggingFaceAddress {
      let usual: UsualName?
      do throws(CheckpointError) { usual = try UsualName.first(of: names) } catch {
        throw error.located(file: folder.description)
      }
      guard let usual else {
        let shown = names.filter { !$0.hasPrefix(".") }
        throw CheckpointError(
          .isDirectory,
          "The repository has no weights under a usual name there. It has: "
            + (shown.isEmpty ? "no files" : shown.prefix(10).joined(separator: ", ") + (shown.count > 10 ? " …" : ""))
            + ".",
          file: folder.description, remedy: "name a file: \(HuggingFaceAddress.example(in: folder))")
      }
      return try folder.file(usual.name, besides: false)
    }
  }
}

extension HuggingFaceAddress {
  fileprivate static func example(in folder: HuggingFaceAddress) -> String {
    "hf://\(folder.repository)/\(folder.path.isEmpty ? "" : folder.path + "/")NAME"
  }
}
