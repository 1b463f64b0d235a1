import Foundation
import StateDicts
import Testing

/// Commands on addresses on Hugging Face, and the cache as Python sees it.
struct HuggingFaceCommandTests {
  private let bench: Bench
  private let files: [String: Data]
  private static let python = ProcessInfo.processInfo.environment["PTH2SWT_PYTHON"]

  init() throws {
    bench = try Bench()
    let tensors = try (0..<8).map { number in
      ("layer.\(number).weight", try Tensor((0..<25_000).map { Float($0 &* 31 ^ number) }, shape: [250, 100]))
    }
    let stateDict = try StateDict(tensors)
    var options = WriteOptions()
    options.maxShardByteCount = 300_000
    let folder = bench.folder.appendingPathComponent("local")
    try stateDict.write(to: folder, options: options)
    try stateDict.write(to: folder.appendingPathComponent("m.pth"))
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      files[name] = try Data(contentsOf: folder.appendingPathComponent(name))
    }
    self.files = files
  }

  private var address: String { "hf://\(HubServer.repository)" }

  private func pth2swt(_ server: HubServer, _ variables: [String: String] = [:], _ arguments: String...) throws
    -> Bench.Outcome
  {
    try bench.run("pth2swt", arguments, server.variables(bench.folder).merging(variables) { $1 })
  }

  private func path(_ name: String) -> String { bench.folder.appendingPathComponent(name).path }

  @Test("every command that reads a file reads one on Hugging Face, in parts or from the cache")
  func commands() throws {
    let server = try HubServer(files, token: "hf_s3cret")
    let token = ["HF_TOKEN": "hf_s3cret"]
    // Parts, and nothing in the cache: of a file, and of the shards of a folder.
    for rest in ["@main/m.pth", ""] {
      let inspected = try pth2swt(server, token, "inspect", "--allow-http", address + rest)
      #expect(inspected.status == 0 && inspected.errors.contains("in "), "\(inspected.errors)")
      #expect(inspected.output.contains("layer") && !FileManager.default.fileExists(atPath: path("hub")))
    }
    let shown = try pth2swt(server, token, "show", "--allow-http", address, "layer.7.weight", "--slice", "0,:3")
    #expect(shown.status == 0 && shown.output.contains("24."), "\(shown)")
    // The whole, in the cache.
    let verified = try pth2swt(server, token, "verify", "--allow-http", address)
    #expect(verified.status == 0, "\(verified.errors)")
    let count = server.endpoint.requests.count
    for arguments in [
      ["inspect", address], ["scan", address], ["show", address, "layer.7.weight"], ["fingerprint", address],
      ["diff", address, path("local/m.pth")], ["convert", address, path("out.swt")], ["verify", address],
      ["convert", "--into", path("all"), address], ["inspect", "--offline", address + "@" + HubServer.commit],
    ] {
      let run = try bench.run(
        "pth2swt", arguments, server.variables(bench.folder).merging(["HF_HUB_OFFLINE": "1"]) { $1 })
      #expect(run.status == 0, "\(arguments): \(run.errors)")
    }
    #expect(server.endpoint.requests.count == count)
    for name in ["out.swt", "all/tiny-model.swt"] {
      #expect(FileManager.default.fileExists(atPath: path(name)), "\(name)")
    }
    #expect(server.storage.requests.allSatisfy { $0.fields["authorization"] == nil })
  }

  @Test("errors say what to do, and no output has the token")
  func errors() throws {
    let server = try HubServer(files, token: "hf_other")
    for (variables, arguments, status, text) in [
      ([:], ["inspect", "--allow-http", address], 74, "HF_TOKEN"),
      (["HF_TOKEN": "hf_s3cret"], ["verify", "--allow-http", address], 74, "does not accept the token"),
      (["HF_TOKEN": "hf_s3cret"], ["inspect", address], 64, "--allow-http"),
      (["HF_HUB_OFFLINE": "1"], ["inspect", address], 66, "HF_HUB_OFFLINE"),
      ([:], ["scan", "--offline", address], 66, "download it once"),
      ([:], ["inspect", "hf://ada/m/../x"], 65, "hf://owner/name/file"),
      (["HF_TOKEN": "hf_s3cret a"], ["inspect", "--allow-http", address], 65, "HF_TOKEN"),
    ] as [([String: String], [String], Int32, String)] {
      let run = try bench.run("pth2swt", arguments, server.variables(bench.folder).merging(variables) { $1 })
      #expect(run.status == status && run.errors.contains(text), "\(arguments): \(run.status) \(run.errors)")
      #expect(!(run.errors + run.output).contains("s3cret"))
    }
  }

  @Test(
    "huggingface_hub finds what is downloaded here, and what it downloads is found here",
    .enabled(if: Self.hasJudge, "PTH2SWT_PYTHON names no Python with huggingface_hub (make reference)"))
  func judge() throws {
    let server = try HubServer(files)
    let ours = try pth2swt(server, [:], "verify", "--allow-http", address)
    #expect(ours.status == 0, "\(ours.errors)")
    let names = files.keys.filter { $0 != "m.pth" }.sorted()
    let found = try python(
      server,
      """
      from huggingface_hub import hf_hub_download, try_to_load_from_cache, scan_cache_dir, snapshot_download
      for name in \(names):
          path = hf_hub_download(REPO, name, local_files_only=True)
          assert path == try_to_load_from_cache(REPO, name) == hf_hub_download(REPO, name, revision=COMMIT), path
          assert open(path, "rb").read() == open(LOCAL + name, "rb").read(), name
      assert snapshot_download(REPO, local_files_only=True).endswith(COMMIT)
      info = scan_cache_dir()
      assert not info.warnings and not getattr(info, "incomplete_files", None), info
      repo, = info.repos
      revision, = repo.revisions
      assert revision.commit_hash == COMMIT and revision.refs == {"main"}, revision
      assert {file.file_name for file in revision.files} == set(\(names)), revision
      """)
    #expect(found == "")
    // The other way about, in a cache of Python's: a file, and the folder with its index.
    try FileManager.default.removeItem(atPath: path("hub"))
    let made = try python(
      server,
      """
      from huggingface_hub import hf_hub_download, snapshot_download
      hf_hub_download(REPO, "m.pth", revision="v1")
      snapshot_download(REPO, allow_patterns=["model*"])
      """)
    #expect(made == "")
    let count = server.endpoint.requests.count
    for rest in ["@v1/m.pth", "@\(HubServer.commit)/m.pth", ""] {
      let run = try pth2swt(server, ["HF_HUB_OFFLINE": "1"], "verify", address + rest)
      #expect(run.status == 0, "\(rest): \(run.errors)")
    }
    #expect(server.endpoint.requests.count == count)
  }

  private static var hasJudge: Bool {
    guard let python else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", "import huggingface_hub"]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Runs lines in Python.
  ///
  /// - Returns: What it says on standard error.
  private func python(_ server: HubServer, _ lines: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    let names = "REPO, COMMIT, LOCAL = '\(HubServer.repository)', '\(HubServer.commit)', '\(path("local"))/'\n"
    process.arguments = ["-c", names + lines]
    process.environment = ProcessInfo.processInfo.environment.merging(try server.variables(bench.folder)) { $1 }
      .merging(["HF_HUB_DISABLE_PROGRESS_BARS": "1"]) { $1 }
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0 { return text.isEmpty ? "status \(process.terminationStatus)" : text }
    return ""
  }
}
