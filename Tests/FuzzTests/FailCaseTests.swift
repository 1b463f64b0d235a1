import Foundation
import Testing
import TorchCheckpoints

/// The targets of Fuzz, compiled here as well, on what they found and on sound files.
struct FailCaseTests {
  static let names: [String] = {
    let folder = Repository.root.appendingPathComponent("Fuzz/FailCases").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }()

  private func harness() throws -> Harness { try Harness { Issue.record("\($0)") } }

  @Test("what the fuzzer found is read or refused", arguments: names)
  func failCase(name: String) throws {
    let target = try #require(Target(rawValue: String(name.prefix { $0 != "-" })))
    let bytes = try Data(contentsOf: Repository.root.appendingPathComponent("Fuzz/FailCases/" + name))
    try harness().run(target, Array(bytes))
  }

  @Test(
    "a file that is taken apart and put together again is the same checkpoint",
    arguments: [
      (Target.zip, "zip_tensors/dtype_float32.pth"), (.tar, "tar/state_dict.pth"),
      (.safetensors, "safetensors_files/dtypes.safetensors"),
    ])
  func structure(target: Target, file: String) throws {
    let bytes = Array(try Data(contentsOf: Repository.fixture(file)))
    let structure = try #require(target.structure(of: bytes))
    let (before, after) = (try Checkpoint(bytes), try Checkpoint(structure.file))
    #expect(before.tensors.map(\.name) == after.tensors.map(\.name))
    #expect(try before.stateDict().fingerprint() == after.stateDict().fingerprint())
    for target in [target, .differential] { try harness().run(target, bytes) }
  }

  @Test("each target runs on a file of its kind")
  func targets() throws {
    let harness = try harness()
    func fixture(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: Repository.fixture(path))) }
    try harness.run(.png, fixture("images/png_palette.png"))
    try harness.run(.jpeg, fixture("images/jpeg_progressive.jpg"))
    try harness.run(.registry, fixture("registries/resnet18.json"))
    try harness.run(.json, fixture("registries/resnet18.json"))
    harness.run(.map, Array(#"[{"stack": "layers.#.weight", "dim": 0, "into": "all"}]"#.utf8))
    for folder in ["shards/safetensors", "distributed/plain"] {
      let files = try FileManager.default.contentsOfDirectory(atPath: Repository.fixture(folder).path)
      let archive = StoredZip(try files.map { Part(name: Array($0.utf8), bytes: try fixture(folder + "/" + $0)) })
      harness.run(.shards, archive.file)
    }
  }
}
