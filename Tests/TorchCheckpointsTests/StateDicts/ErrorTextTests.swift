import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// What people really have in place of a checkpoint, and what they are told.
struct ErrorTextTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  struct Impostor: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let code: CheckpointError.Code
    let message: String

    init(
      _ name: String, _ contents: String, _ message: String, _ code: CheckpointError.Code = .notACheckpoint
    ) {
      (testDescription, bytes, self.code, self.message) = (name, TorchCheckpointsTests.bytes(contents), code, message)
    }
  }

  @Test(
    "a file that is something else is named in plain words, with what to do",
    arguments: [
      Impostor(
        "a web page", "<!DOCTYPE html><html><title>Sign in</title>",
        "This is a web page, not a checkpoint."),
      Impostor(
        "a web page after space", "\n\n  <html lang=en>",
        "This is a web page, not a checkpoint."),
      Impostor(
        "a cloud's error as XML", "<?xml version='1.0'?><Error>AccessDenied</Error>",
        "This is a web page, not a checkpoint."),
      Impostor(
        "a git-LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 132\n",
        "This is a Git LFS pointer, not a checkpoint."),
      Impostor(
        "a gzip stream", "\u{1F}\u{8B}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{3}",
        "The gzip stream is truncated.", .truncated),
      Impostor(
        "a picture", "\u{FF}\u{D8}\u{FF}\u{E0}\u{0}\u{10}JFIF\u{0}", "This is a JPEG image, not a checkpoint."),
      Impostor("zeros", String(repeating: "\u{0}", count: 2000), "This is a file of zeros, not a checkpoint."),
      Impostor(
        "an error message", "Error 404: the file could not be found\n", "This is a text file, not a checkpoint."),
      Impostor(
        "JSON", "{\"error\": \"quota exceeded\"}",
        "Not an index of shards: the JSON has no weight_map."),
      Impostor("an HDF5 file", "\u{89}HDF\r\n\u{1A}\n\u{0}", "This is an HDF5 file (Keras), not a checkpoint."),
      Impostor(
        "bytes of no meaning", "\u{DE}\u{AD}\u{BE}\u{EF}\u{DE}\u{AD}\u{BE}\u{EF}\u{DE}",
        "Not a known checkpoint format: the file begins with de ad be ef de ad be ef."),
      Impostor("nothing", "", "The file is empty.", .truncated),
      Impostor("four bytes of an archive", "PK\u{3}\u{4}", "", .truncated),
      Impostor("three bytes", "\u{1}\u{2}\u{3}", "The file has 3 bytes, too few for a checkpoint.", .truncated),
      Impostor(
        "a zip of something else", "PK\u{5}\u{6}" + String(repeating: "\u{0}", count: 18),
        "The zip archive is empty."),
    ])
  func impostor(_ case: Impostor) throws {
    try folder.write(`case`.bytes, "m.pth")
    let error = #expect(throws: CheckpointError(`case`.code, "")) { try Checkpoint(path: folder.path("m.pth")) }
    if !`case`.message.isEmpty { #expect(error?.message == `case`.message) }
    #expect(error?.file == folder.path("m.pth"))
    #expect(error?.remedy != nil)
  }

  @Test("a file that is not there, a folder, a pipe, and a URL of no file are told apart")
  func noFile() throws {
    let missing = #expect(throws: CheckpointError(.notFound, "")) { try Checkpoint(path: folder.path("none.pth")) }
    #expect(missing?.message == "No such file.")
    #expect(throws: CheckpointError(.notFound, "")) { try Checkpoint(path: folder.path("none/m.pth")) }
    #expect(throws: CheckpointError(.notFound, "")) { try Checkpoint(path: "") }
    let isFolder = #expect(throws: CheckpointError(.isDirectory, "")) { try Checkpoint(path: folder.url.path) }
    #expect(isFolder?.message == "The folder is not a checkpoint. It has: nothing.")
    #expect(throws: CheckpointError(.notFound, "")) {
      try loadStateDict(url: #require(URL(string: "https://example.com/m.pth")))
    }
    #expect(throws: CheckpointError(.notReadable, "")) { try Checkpoint(path: "/dev/null") }
  }

  @Test("a file that may not be read is named so")
  func noPermission() throws {
    try folder.write([1], "m.pth")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder.path("m.pth"))
    let error = try #require(
      withoutRootsRights { () -> CheckpointError? in
        #expect(throws: CheckpointError(.notReadable, "")) { try Checkpoint(path: folder.path("m.pth")) }
      })
    #expect(error.message == "No permission to read the file.")
  }

  /// Runs `body` as somebody who may not read every file: root may, so this thread is nobody meanwhile.
  ///
  /// The corresponding C function is `setfsuid`, which Swift's module of glibc does not have.
  private func withoutRootsRights<Result>(_ body: () throws -> Result) rethrows -> Result {
    #if os(Linux)
      typealias SetUser = @convention(c) (UInt32) -> Int32
      if let address = unsafe dlsym(dlopen(nil, RTLD_NOW), "setfsuid") {
        let setUser = unsafe unsafeBitCast(address, to: SetUser.self)
        let user = setUser(geteuid() == 0 ? 65_534 : geteuid())
        defer { _ = setUser(UInt32(bitPattern: user)) }
        return try body()
      }
    #endif
    return try body()
  }

  @Test("a safetensors file named .pth is simply read")
  func safetensorsByAnotherName() throws {
    let path = ExpectedRow.fixtures.appending(path: "fixtures/safetensors_files/named.pth").path
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.format == .safetensors)
    #expect(try !checkpoint.stateDict().isEmpty)
  }

  @Test(
    "a file cut short anywhere is refused, and never read as something smaller",
    arguments: [
      "zip_containers/plain.pth", "zip_containers/deflated.pth", "zip_containers/zip64_both.pth",
      "legacy/state_dict.pth",
      "tar/state_dict.pth", "safetensors_files/state_dict.safetensors", "numpy_files/stored.npz", "numpy_files/f4.npy",
      "packed/stable_baselines3.zip", "packed/nemo.nemo", "packed/nemo_gzip.nemo", "exported/current.pt2",
    ])
  func cutShort(_ name: String) throws {
    let whole = try Array(Data(contentsOf: ExpectedRow.fixtures.appending(path: "fixtures/\(name)")))
    let expected = try Checkpoint(whole).tensors.map(\.name)
    let steps = max(whole.count / 300, 1)
    for count in stride(from: 0, to: whole.count, by: steps) {
      do {
        let checkpoint = try Checkpoint(whole[..<count])
        for item in checkpoint.tensors { _ = try item.sha256() }
        // Only padding at the end may be missing.
        if checkpoint.tensors.map(\.name) != expected { Issue.record("\(count) of \(whole.count) bytes are read") }
      } catch let error as CheckpointError {
        if error.message.isEmpty { Issue.record("no words at \(count)") }
      }
    }
    let quarter = #expect(throws: CheckpointError.self) {
      for item in try Checkpoint(whole[..<(whole.count / 4)]).tensors { _ = try item.sha256() }
    }
    #expect(quarter?.remedy?.contains("again") == true, "\(String(describing: quarter))")
  }

  @Test("an error prints its sentence, then where, then what to do")
  func description() {
    let error = CheckpointError(
      .truncated, "It ends.", file: "m.pth", entry: "archive/data/0", offset: 12, remedy: "copy it again")
    #expect(error.description == "It ends.\n  at: m.pth, archive/data/0, byte 12\n  try: copy it again")
    #expect(CheckpointError(.truncated, "It ends.").description == "It ends.")
  }
}
