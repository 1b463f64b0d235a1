import Foundation
import StateDicts
import Testing

@testable import TorchCheckpoints

/// How a checkpoint is opened: mapped or copied, within limits, its checksums, its globals.
struct OptionsTests {
  private typealias Make = PickleBytes

  private static let weights = Make.dict(("w", Make.floats(count: 8)))

  private func file(_ instructions: [UInt8] = weights) -> [UInt8] {
    FileBytes.torch(instructions, storages: [("0", FileBytes.floats(8))])
  }

  @Test("mapped, copied and from memory, a file gives the same")
  func ways() throws {
    let folder = try TemporaryFolder()
    try folder.write(file(), "m.pth")
    let url = folder.url.appendingPathComponent("m.pth")
    let fingerprints = try [
      loadStateDict(url: url), loadStateDict(url: url, options: CheckpointOptions(mapping: .copy)),
      Checkpoint(path: url.path).stateDict(), Checkpoint(file()).stateDict(),
    ].map { try $0.fingerprint() }
    #expect(fingerprints.allSatisfy { $0 == fingerprints[0] })
    #expect(try Checkpoint(file()).file == "<memory>")
  }

  @Test("a copied file may be cut short or removed while its tensors are in use")
  func copied() throws {
    let folder = try TemporaryFolder()
    try folder.write(file(), "m.pth")
    let stateDict = try loadStateDict(
      url: folder.url.appendingPathComponent("m.pth"), options: CheckpointOptions(mapping: .copy))
    try FileHandle(forWritingTo: folder.url.appendingPathComponent("m.pth")).truncate(atOffset: 0)
    #expect(try [Float](#require(stateDict["w"])) == [0, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test("a global that exists to run code is an error, and a record where the caller goes on")
  func dangerous() throws {
    let evil = file(
      Make.dict(("w", Make.floats()), ("x", Make.call(Make.global("posix", "system"), Make.text("id")))))
    let error = #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(evil) }
    #expect(error?.message == "The pickle names posix.system, which can run code. It was not run.")
    #expect(error?.entry == "archive/data.pkl")
    #expect(error?.remedy?.contains("--allow-dangerous-globals") == true)
    let checkpoint = try Checkpoint(evil, options: CheckpointOptions(allowsDangerousGlobals: true))
    #expect(try checkpoint.stateDict().names == ["w"])
    #expect(checkpoint.globals.first { $0.name == "posix.system" }?.verdict == .dangerous)
    #expect(checkpoint.value?["x"]?.json()["class"] == .string("posix.system"))
  }

  @Test(
    "globals that run code are known under every name that they have",
    arguments: [
      "os\nsystem", "nt\nsystem", "builtins\neval", "builtins\nexec", "__builtin__\neval", "builtins\n__import__",
      "builtins\nopen", "subprocess\nPopen", "subprocess\ncheck_output", "runpy\n_run_code", "sys\nexit",
      "socket\nsocket",
      "shutil\nrmtree", "importlib\nimport_module", "torch.hub\nload", "torch\nload", "pickle\nloads", "_pickle\nloads",
      "numpy\nload", "webbrowser\nopen", "timeit\ntimeit", "pty\nspawn", "asyncio\nrun", "ctypes\nCDLL",
      "os.path\njoin",
      "http.client\nHTTPSConnection", "builtins\neval.__call__", "operator\nmethodcaller", "types\nCodeType",
    ])
  func dangerousName(_ name: String) {
    let file = file(Make.dict(("w", Make.floats()), ("x", bytes("c\(name)\n)R"))))
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(file) }
  }

  @Test(
    "globals of real checkpoints are records without effect",
    arguments: [
      "argparse\nNamespace", "__main__\nNet", "__builtin__\ngetattr", "builtins\ndict", "builtins\nset",
      "functools\npartial",
      "operator\nattrgetter", "copyreg\n_reconstructor", "datetime\ndatetime", "pathlib\nPosixPath", "torch.nn\nReLU",
      "omegaconf\nDictConfig", "posixish\nsystem", "osx\nsystem",
    ])
  func inertName(_ name: String) throws {
    let checkpoint = try Checkpoint(file(Make.dict(("w", Make.floats()), ("x", bytes("c\(name)\n)R")))))
    #expect(try checkpoint.stateDict().names == ["w"])
    let global = name.replacingOccurrences(of: "\n", with: ".")
    #expect([.inert, .unknown].contains(checkpoint.globals.first { $0.name == global }?.verdict))
  }

  private func damaged(checksum: UInt32 = 0x1234_5678) -> [UInt8] {
    FileBytes.torch(
      Self.weights, storages: [("0", [UInt8](repeating: 7, count: 32))], checksums: ["archive/data/0": checksum])
  }

  @Test("a damaged storage is found when its bytes are used, unless the options check nothing; verify finds it always")
  func checksum() throws {
    let stateDict = try Checkpoint(damaged()).stateDict()
    let error = #expect(throws: CheckpointError(.checksumMismatch, "")) { try [Float](#require(stateDict["w"])) }
    #expect(error?.entry == "archive/data/0")
    let unchecked = try Checkpoint(damaged(), options: CheckpointOptions(checksCRC: false))
    #expect(try [Float](#require(unchecked.stateDict()["w"])).count == 8)
    #expect(try unchecked.verify().damaged.map(\.entry) == ["archive/data/0"])
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try unchecked.tensors[0].tensor.storage.verify() }
  }

  @Test("a damaged pickle is never read, whatever the options")
  func damagedPickle() throws {
    var file = file()
    // Its protocol, 2, becomes 3: only the CRC tells.
    let start = try #require(file.indices.first { file[$0...].starts(with: [0x80, 2]) })
    file[start + 1] ^= 1
    for checks in [true, false] {
      #expect(throws: CheckpointError(.checksumMismatch, "")) {
        try Checkpoint(file, options: CheckpointOptions(checksCRC: checks))
      }
    }
  }

  @Test("a CRC of 0 means that none was computed, which is a note")
  func noChecksum() throws {
    let checkpoint = try Checkpoint(damaged(checksum: 0))
    #expect(try [Float](#require(checkpoint.stateDict()["w"])).count == 8)
    #expect(checkpoint.notes.first?.hasPrefix("1 records have no checksum") == true)
    #expect(try checkpoint.verify().withoutChecksum == 1)
  }

  @Test("each limit refuses what goes beyond it and says how to raise it")
  func limits() throws {
    func refuse(_ change: (inout CheckpointLimits) -> Void) {
      var limits = CheckpointLimits()
      change(&limits)
      let error = #expect(throws: CheckpointError(.limitExceeded, "")) {
        try Checkpoint(file(), options: CheckpointOptions(limits: limits))
      }
      #expect(error?.remedy?.contains("--limit-factor") == true)
    }
    refuse { $0.pickleByteCount = 10 }
    refuse { $0.pickleValueCount = 3 }
    refuse { $0.nestingDepth = 0 }
  }

  @Test("limits grow together, and do not wrap")
  func scaled() {
    let limits = CheckpointLimits().scaled(by: 10)
    #expect(limits.pickleByteCount == CheckpointLimits().pickleByteCount * 10)
    #expect(limits.nestingDepth == 10_000)
    #expect(CheckpointLimits().scaled(by: .max).pickleByteCount == .max)
    #expect(CheckpointLimits().scaled(by: .max).pickleValueCount < Int(Int32.max))
    #expect(CheckpointLimits().scaled(by: 0).nestingDepth == 1000)
  }

  @Test("a checkpoint is read from twenty tasks at once")
  func concurrent() async throws {
    let checkpoint = try Checkpoint(
      path: ExpectedRow.fixtures.appending(path: "fixtures/zip_containers/deflated.pth").path)
    let expected = try checkpoint.stateDict().fingerprint()
    try await withThrowingTaskGroup(of: Fingerprint.self) { group in
      for _ in 0..<20 { group.addTask { try checkpoint.stateDict().fingerprint() } }
      for try await fingerprint in group { #expect(fingerprint == expected) }
    }
  }
}
