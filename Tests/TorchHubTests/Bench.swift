import Digests
import Foundation
import StateDicts
import Testing
import TorchHub

/// A cache folder of its own, a file to download, and the calls that the tests repeat.
final class Bench: Sendable {
  let folder: URL
  /// 300,007 bytes that do not repeat.
  let bytes: Data

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("hub-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    bytes = Self.bytes(seed: 1)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  static func bytes(seed: UInt64) -> Data {
    var value = seed
    return Data(
      (0..<300_007).map { _ in
        value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: value >> 56)
      })
  }

  /// `NAME-DIGITS.pth`, with the digits that the bytes call for.
  func hashedName(_ name: String = "model") throws -> String {
    "/\(name)-\(try SHA256.hexDigest(of: bytes).prefix(8)).pth"
  }

  /// The names in the folder.
  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  func contents(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  func put(_ data: Data, as name: String) throws {
    try data.write(to: folder.appendingPathComponent(name))
  }

  /// The options of these tests: http is allowed, and nobody waits long.
  static func options(retries: Int = 0, hash: HashCheck = .name, idleSeconds: Double = 20) -> DownloadOptions {
    DownloadOptions(
      hash: hash, allowsPlainHTTP: true, idleSeconds: idleSeconds, retries: retries, retryDelay: .milliseconds(5))
  }

  @discardableResult
  func download(
    _ url: URL, _ options: DownloadOptions = Bench.options(),
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws -> URL {
    try await downloadWeights(from: url, in: HubFolder(folder), options: options, progress: progress)
  }

  /// What a program printed, and its exit code.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs a program that was built beside the tests, with the folder as `TORCH_HOME`.
  func run(_ program: String, _ arguments: [String], _ variables: [String: String] = [:]) throws -> Outcome {
    #if os(Linux)
      let tests = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    #else
      let tests = try #require(Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }).bundleURL
    #endif
    let process = Process()
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent(program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["TORCH_HOME": folder.path]) { $1 }
      .merging(variables) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text, errors: complaint)
  }

  /// The code of the error that a download ends with; nil if it ends well.
  func failure(_ url: URL, _ options: DownloadOptions = Bench.options()) async throws -> CheckpointError.Code? {
    do {
      try await download(url, options)
      return nil
    } catch let error as CheckpointError {
      return error.code
    }
  }
}

extension LoopbackServer.Reply {
  /// A file as servers give it: whole, or from where the request asks.
  static func file(
    _ data: Data, _ request: LoopbackServer.Request, tag: String? = "\"one\"", heedsRange: Bool = true,
    heedsIfRange: Bool = true
  ) -> Self {
    var reply = Self(body: data)
    if let tag { reply.fields["ETag"] = tag }
    let condition = request.fields["if-range"]
    guard heedsRange, let start = request.rangeStart, !heedsIfRange || condition == nil || condition == tag else {
      return reply
    }
    guard start < data.count else { return Self(status: 416, fields: ["Content-Range": "bytes */\(data.count)"]) }
    reply.status = 206
    reply.fields["Content-Range"] = "bytes \(start)-\(data.count - 1)/\(data.count)"
    reply.body = data.dropFirst(start)
    return reply
  }

  /// The same reply, whose connection breaks after so many bytes of the body.
  func cut(after count: Int) -> Self {
    var reply = self
    reply.cut = count
    return reply
  }
}
