import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Checkpoints in archives and compressed files")
struct WrappedFilesTests {
  private static func path(_ name: String) -> String {
    ExpectedRow.fixtures.appending(path: "fixtures/packed/\(name)").path
  }

  private static func options(_ member: String) -> CheckpointOptions { CheckpointOptions(member: member) }

  @Test("The one file of weights is chosen by what it holds, and the others are named")
  func chosen() throws {
    let checkpoint = try Checkpoint(path: Self.path("stable_baselines3.zip"))
    #expect(checkpoint.member == "policy.pth")
    #expect(checkpoint.file == Self.path("stable_baselines3.zip"))
    #expect(
      checkpoint.notes.contains {
        $0.contains("policy.optimizer.pth (an optimizer's state)") && $0.contains("pytorch_variables.pth (no tensors)")
      })
    let temperature = try Checkpoint(path: Self.path("soft_actor_critic.zip"))
    #expect(temperature.member == "policy.pth")
    #expect(temperature.notes.contains { $0.contains("pytorch_variables.pth (1 number)") })
    #expect(try temperature.stateDict().metadata.source?.name == "soft_actor_critic.zip")
  }

  @Test("Two files of weights are listed with their counts, and a member is read by its name")
  func ambiguous() throws {
    let path = Self.path("two_files_of_weights.zip")
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) { try Checkpoint(path: path) }
    #expect(error?.message.contains("policy.pth (3 tensors), pytorch_variables.pth (3 tensors)") == true)
    #expect(error?.remedy?.contains("--member policy.pth") == true)
    let hashes = try ["policy.pth", "./pytorch_variables.pth"].map { name in
      try Checkpoint(path: path, options: Self.options(name)).tensors.map { try $0.sha256() }
    }
    #expect(hashes[0] != hashes[1])
    #expect(hashes.allSatisfy { $0.count == 3 })
  }

  @Test("A member in an archive in an archive is named by both")
  func nested() throws {
    let path = Self.path("zip_in_tar.tar.gz")
    #expect(try Checkpoint(path: path).member == "out/agent.zip/policy.pth")
    let named = try Checkpoint(path: path, options: Self.options("out/agent.zip/policy.pth"))
    #expect(named.tensors.count == 3)
    #expect(named.marks["member"] == "out/agent.zip/policy.pth")
  }

  @Test("A member that is not there is refused, and so is one of a file that is the checkpoint itself")
  func noMember() throws {
    let missing = #expect(throws: CheckpointError(.noStateDict, "")) {
      try Checkpoint(path: Self.path("stable_baselines3.zip"), options: Self.options("policy.pt"))
    }
    #expect(missing?.message.contains("policy.optimizer.pth") == true)
    let plain = #expect(throws: CheckpointError(.noStateDict, "")) {
      try Checkpoint(path: Self.path("checkpoint.pth.gz"), options: Self.options("policy.pth"))
    }
    #expect(plain?.message.hasPrefix("No member policy.pth") == true)
  }

  @Test("Errors name the file, and the member with its entry")
  func places() throws {
    let bytes = FileBytes.zip([
      (name: "net.pth", bytes: FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)), storages: []))
    ])
    let error = #expect(throws: CheckpointError(.missingRecord, "")) { try Checkpoint(bytes) }
    #expect(error?.file == "<memory>")
    #expect(error?.entry == "net.pth: archive/data/0")
  }

  @Test("verify checks the member's own CRC-32, which a legacy file has nowhere else")
  func verification() throws {
    let member = FileBytes.legacy(PickleBytes.dict(("w", PickleBytes.vector)))
    var bytes = FileBytes.zip([(name: "net.pth", bytes: member)])
    #expect(try Checkpoint(bytes).verify().damaged.isEmpty)
    bytes[30 + "net.pth".utf8.count + member.count - 1] ^= 1
    let damaged = try Checkpoint(bytes).verify().damaged
    #expect(damaged.map(\.entry) == ["net.pth"])
  }

  @Test("Every pickle of the archive is held to the list of dangerous globals")
  func dangerous() throws {
    let body = PickleBytes.dict(("w", PickleBytes.vector))
    let bytes = FileBytes.zip([
      (name: "a.pth", bytes: FileBytes.torch(body)),
      (name: "b.pth", bytes: FileBytes.torch(PickleBytes.dict(("f", PickleBytes.global("os", "system"))))),
    ])
    let error = #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(bytes) }
    #expect(error?.entry?.hasPrefix("b.pth") == true)
    let scanned = try Checkpoint(bytes, options: CheckpointOptions(allowsDangerousGlobals: true))
    #expect(scanned.scan().isDangerous)
    #expect(scanned.member == "a.pth")
  }

  @Test("What is no checkpoint in an archive is named with its format")
  func nothing() throws {
    let keras = #expect(throws: CheckpointError(.notACheckpoint, "")) {
      try Checkpoint(path: Self.path("model.keras"))
    }
    #expect(keras?.message.contains("model.weights.h5 (an HDF5 file (Keras))") == true)
    #expect(keras?.remedy?.contains("h5py") == true)
    let bytes = FileBytes.tar([(name: "model.onnx", bytes: [8, 8, 0x12, 7] + Array("pytorch".utf8))])
    let onnx = #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(bytes) }
    #expect(onnx?.message.contains("model.onnx (an ONNX model)") == true)
  }

  @Test("Entries that are encrypted, or compressed otherwise than by deflate, are named as that")
  func locked() throws {
    let body = PickleBytes.dict(("w", PickleBytes.vector))
    var bytes = FileBytes.zip([(name: "a.pth", bytes: FileBytes.torch(body))])
    let directory = bytes.count - 22 - 46 - "a.pth".utf8.count
    for place in [6, directory + 8] { bytes[place] |= 1 }
    let encrypted = #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(bytes) }
    #expect(encrypted?.message.contains("a.pth (encrypted)") == true)
    #expect(encrypted?.remedy?.contains("password") == true)
    for place in [6, directory + 8] { bytes[place] ^= 1 }
    for place in [8, directory + 10] { bytes[place] = 93 }
    let zstd = #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(bytes) }
    #expect(zstd?.message.contains("a.pth (compressed by zstd)") == true)
  }

  @Test("What a system leaves in archives is passed over")
  func meaningless() throws {
    let file = FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)))
    let bytes = FileBytes.zip([
      (name: "__MACOSX/._a.pth", bytes: file), (name: "folder/", bytes: []), (name: "folder/._a.pth", bytes: file),
      (name: "folder/a.pth", bytes: file),
    ])
    #expect(try Checkpoint(bytes).member == "folder/a.pth")
  }

  @Test("More checkpoints than are opened are listed")
  func many() throws {
    let file = FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)))
    let bytes = FileBytes.zip((0..<65).map { (name: "\($0).pth", bytes: file) })
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) { try Checkpoint(bytes) }
    #expect(error?.message.contains("65 checkpoints") == true)
    #expect(try Checkpoint(bytes, options: Self.options("64.pth")).tensors.count == 1)
  }
}

@Suite("Folders of several files in archives")
struct WrappedFoldersTests {
  @Test(
    "A folder of torch.distributed.checkpoint in a tar is read as it is outside", arguments: ["model_weights", "."])
  func distributed(_ name: String) throws {
    let url = ExpectedRow.fixtures.appending(path: "fixtures/distributed/chunked")
    let prefix = name == "." ? "./" : "./\(name)/"
    var members: [(name: String, bytes: [UInt8])] = []
    for file in try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() {
      members.append((name: prefix + file, bytes: try Array(Data(contentsOf: url.appending(path: file)))))
    }
    members.append((name: name == "." ? "./sub.yaml" : "./model_config.yaml", bytes: Array("a: 1\nb: 2\n".utf8)))
    let packed = try Checkpoint(FileBytes.tar(members))
    let plain = try Checkpoint(path: url.path)
    #expect(packed.member == name)
    #expect(packed.format == .distributed)
    #expect(packed.tensors.map(\.name) == plain.tensors.map(\.name))
    #expect(try packed.tensors.map { try $0.sha256() } == plain.tensors.map { try $0.sha256() })
    let named = try Checkpoint(FileBytes.tar(members), options: CheckpointOptions(member: name))
    #expect(named.tensors.count == plain.tensors.count)
    members.removeAll { $0.name.hasSuffix(".distcp") }
    #expect(throws: CheckpointError(.missingRecord, "")) { try Checkpoint(FileBytes.tar(members)) }
  }
}
