import Foundation
import StateDicts
import Testing

@Suite("Weights that an app ships, opened with StateDicts alone")
struct ShippedWeightsTests {
  @Test("A safetensors file gives its tensors in order")
  func opens() throws {
    let url = Repository.fixture("safetensors_files/state_dict.safetensors")
    for isMapped in [true, false] {
      let weights = try StateDict(contentsOf: url, mapped: isMapped)
      #expect(weights.names.count == 8)
      #expect(try [Float](#require(weights["conv.weight"])).count == 24)
    }
  }

  @Test("A .swt file that was damaged is told by its checksum, unless that is not wanted")
  func damaged() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).swt")
    defer { try? FileManager.default.removeItem(at: url) }
    let whole = try StateDict(contentsOf: Repository.fixture("safetensors_files/state_dict.safetensors"))
    try whole.write(to: url)
    #expect(try StateDict(contentsOf: url).fingerprint() == whole.fingerprint())
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: url)
    let error = #expect(throws: CheckpointError.self) { try StateDict(contentsOf: url).fingerprint() }
    #expect(error?.code == .checksumMismatch)
    _ = try StateDict(contentsOf: url, checksCRC: false).fingerprint()
  }

  @Test("Another file is refused, with its path")
  func otherFile() {
    let url = Repository.fixture("state_dicts/module.pth").standardized
    let error = #expect(throws: CheckpointError.self) { try StateDict(contentsOf: url) }
    #expect(error?.code == .malformedHeader && error?.file == url.path)
    let missing = #expect(throws: CheckpointError.self) {
      try StateDict(contentsOf: Repository.fixture("nothing.swt"))
    }
    #expect(missing?.code == .notFound)
  }
}
