import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite struct ConvertCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private struct Summary: Decodable {
    let input: String
    let output: String
    let tensors: Int
    let aliases: Int
    let bytes: Int
    let leftOut: [Row]

    struct Row: Decodable, Equatable {
      let name: String
      let reason: String
    }

    enum CodingKeys: String, CodingKey {
      case input, output, tensors, aliases, bytes
      case leftOut = "left_out"
    }
  }

  private func stateDict(_ path: String) throws -> StateDict { try Checkpoint(path: path).stateDict() }

  @Test("a checkpoint becomes a .swt, with and without the word convert, and a .safetensors of the same bytes")
  func converts() throws {
    defer { folder.remove() }
    let input = fixturePath("state_dicts/module.pth")
    let plain = try Command(input, folder.path("a.swt"))
    #expect(plain.code == 0)
    #expect(plain.errors == "")
    #expect(plain.output == "\(folder.path("a.swt")): 8 tensors, 184 B\n")
    #expect(try Command("convert", input, folder.path("b.safetensors")).code == 0)
    #expect(FileManager.default.contentsEqual(atPath: folder.path("a.swt"), andPath: folder.path("b.safetensors")))
    #expect(try stateDict(folder.path("a.swt")).fingerprint() == stateDict(input).fingerprint())
    #expect(try Command("diff", input, folder.path("a.swt")).code == 0)
  }

  @Test("its JSON says what was written")
  func json() throws {
    defer { folder.remove() }
    let input = fixturePath("zip_tensors/tied_two_views.pth")
    let run = try Command("convert", "--json", input, folder.path("m.swt"))
    let summary = try run.json(Summary.self)
    let source = try stateDict(input)
    #expect(summary.input == input)
    #expect(summary.output == folder.path("m.swt"))
    #expect(summary.aliases == source.ties.reduce(0) { $0 + $1.count - 1 })
    #expect(summary.tensors == source.count - summary.aliases)
    #expect(summary.leftOut == [])
    #expect(try stateDict(folder.path("m.swt")).ties == source.ties)
    let expanded = try Command("convert", "--json", "--expand-ties", "--force", input, folder.path("m.swt"))
    #expect(try expanded.json(Summary.self).tensors == source.count)
    #expect(try stateDict(folder.path("m.swt")).ties == [])
  }

  @Test("tied tensors that are left out are counted once, as left out")
  func tiedAndLeftOut() throws {
    defer { folder.remove() }
    let input = fixturePath("composite_tensors/quantized_views.pth")
    let run = try Command("convert", "--json", "--skip-unsupported", input, folder.path("m.swt"))
    let summary = try run.json(Summary.self)
    let source = try stateDict(input)
    let written = try stateDict(folder.path("m.swt"))
    #expect(summary.tensors == written.count - written.ties.reduce(0) { $0 + $1.count - 1 })
    #expect(summary.tensors + summary.aliases + summary.leftOut.count == source.count)
    #expect(!summary.leftOut.isEmpty)
  }

  @Test("a key chooses the state dict, and --sha256 keeps the input's hash")
  func keyAndHash() throws {
    defer { folder.remove() }
    let input = fixturePath("state_dicts/two_candidates.pth")
    #expect(try Command(input, folder.path("m.swt")).code == 64)
    #expect(try Command("--key", "ema", "--sha256", input, folder.path("m.swt")).code == 0)
    let expected = try Checkpoint(path: input).stateDict(key: "ema").fingerprint()
    let written = try Checkpoint(path: folder.path("m.swt"))
    #expect(try written.stateDict().fingerprint() == expected)
    let source = written.marks.first { $0.name == "source" }?.value
    guard case .string(let hash)? = source?["sha256"] else {
      Issue.record("no hash")
      return
    }
    #expect(hash.count == 64)
  }

  @Test("what was not converted is listed in JSON and in the output, and summed up in text")
  func leftOut() throws {
    defer { folder.remove() }
    let input = fixturePath("state_dicts/optimizer_adam.pth")
    let run = try Command(input, folder.path("m.swt"))
    let summary = try Command("convert", "--json", "--force", input, folder.path("m.swt")).json(Summary.self)
    #expect(!summary.leftOut.isEmpty && summary.leftOut.allSatisfy { $0.name.hasPrefix("optimizer_state_dict.") })
    let key = "optimizer_state_dict"
    #expect(run.lines.last == "not converted: \(key), \(summary.leftOut.count) tensors; use --key \(key)")
    let listed = try Checkpoint(path: input).tensors.map(\.name)
    #expect(summary.leftOut.allSatisfy { listed.contains($0.name) })
    #expect(summary.tensors + summary.aliases + summary.leftOut.count == listed.count)
    #expect(try stateDict(folder.path("m.swt")).metadata.leftOutBefore.map(\.name) == summary.leftOut.map(\.name))
  }

  @Test("a second conversion keeps what the first one wrote beside the tensors, under their new names")
  func convertedAgain() throws {
    defer { folder.remove() }
    let quantized = fixturePath("composite_tensors/quantized_per_tensor.pth")
    #expect(try Command("--decompose", quantized, folder.path("parts.swt")).code == 0)
    let renaming = ["--rename", "qint8.*=w.*", folder.path("parts.swt"), folder.path("renamed.swt")]
    #expect(try Command(["convert"] + renaming).code == 0)
    let parts = try stateDict(folder.path("parts.swt")).metadata.compositions
    let renamed = try stateDict(folder.path("renamed.swt"))
    #expect(renamed.metadata.compositions.count == parts.count && !parts.isEmpty)
    #expect(
      renamed.metadata.compositions.contains { $0.value["components"]?["integers"] == .string("w.integers") })
    let several = fixturePath("state_dicts/two_candidates.pth")
    #expect(try Command("--key", ".", several, folder.path("both.swt")).code == 0)
    #expect(try Command("--key", "ema", folder.path("both.swt"), folder.path("ema.swt")).code == 0)
    let both = try stateDict(folder.path("both.swt"))
    let ema = try stateDict(folder.path("ema.swt"))
    #expect(!both.metadata.otherValues.isEmpty && ema.metadata.otherValues == both.metadata.otherValues)
  }

  @Test("an output that exists is kept, exit 73, until --force is given; nothing else is left in the folder")
  func force() throws {
    defer { folder.remove() }
    let input = fixturePath("state_dicts/module.pth")
    let output = try folder.file("m.swt", "precious")
    let refused = try Command(input, output)
    #expect(refused.code == 73)
    #expect(refused.errors.contains("--force"))
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "precious")
    #expect(try Command("--force", input, output).code == 0)
    #expect(try stateDict(output).count == 8)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["m.swt"])
  }

  @Test("what the format cannot say is named, exit 65 and no file, until it is left out")
  func unsupported() throws {
    defer { folder.remove() }
    let input = fixturePath("zip_tensors/dtype_complex128.pth")
    let refused = try Command(input, folder.path("m.swt"))
    #expect(refused.code == 65)
    #expect(refused.errors.contains("complex128"))
    #expect(refused.errors.contains("--skip-unsupported"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("m.swt")))
    #expect(try Command("--skip-unsupported", input, folder.path("m.swt")).code == 0)
  }

  @Test("a damaged storage is refused, exit 65, and no file is left, not even a hidden one")
  func damaged() throws {
    defer { folder.remove() }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: fixturePath("zip_tensors/dtype_float32.pth")))
    let checkpoint = try Checkpoint(bytes)
    let values = try #require(try checkpoint.tensors.first?.tensor.contiguous())
    let stored = try unsafe values.withUnsafeBytes { unsafe Data($0) }
    let place = try #require(bytes.range(of: stored)?.lowerBound)
    bytes[place] ^= 1
    try bytes.write(to: folder.url.appending(path: "m.pth"))
    let run = try Command("convert", "--json", folder.path("m.pth"), folder.path("m.swt"))
    #expect(run.code == 65)
    #expect(run.output.contains("checksumMismatch"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["m.pth"])
    let verified = try Command("verify", folder.path("m.pth"))
    #expect(verified.code == 65)
    #expect(verified.output.contains("/data/0: "))
  }

  @Test("--no-mmap and --limit-factor change how a file is read and not what is written")
  func ways() throws {
    defer { folder.remove() }
    let input = fixturePath("zip_containers/deflated.pth")
    for (name, flags) in [("a", []), ("b", ["--no-mmap"]), ("c", ["--limit-factor", "10"])] {
      #expect(try Command(flags + [input, folder.path("\(name).swt")]).code == 0)
    }
    for name in ["b", "c"] {
      #expect(FileManager.default.contentsEqual(atPath: folder.path("a.swt"), andPath: folder.path("\(name).swt")))
    }
  }

  @Test("--merge writes several inputs to one output; a name in two of them is an error with both")
  func merges() throws {
    defer { folder.remove() }
    let (a, b) = (fixturePath("zip_tensors/tied_two_views.pth"), fixturePath("zero/stage1"))
    let run = try Command("convert", "--json", "--merge", a, b, folder.path("m.swt"))
    #expect(run.code == 0)
    let merged = try stateDict(folder.path("m.swt"))
    #expect(try merged.names == stateDict(a).names + stateDict(b).names)
    #expect(run.output.contains("\"inputs\""))
    let twice = try Command("convert", "--merge", a, a, folder.path("n.swt"))
    #expect(twice.code == 65)
    #expect(twice.errors.contains("in \(a) and \(a)"))
    #expect(try Command(a, b, folder.path("n.swt")).code == 64)
    #expect(try Command("convert", "--merge", a, folder.path("n.swt")).code == 64)
  }

  @Test("rank files are put together by their folder and by --merge")
  func ranks() throws {
    defer { folder.remove() }
    let files = (0..<4).map { fixturePath("ranks/dtensors/net.rank\($0).pt") }
    #expect(try Command(fixturePath("ranks/dtensors"), folder.path("a.swt")).code == 0)
    #expect(try Command(["convert", "--merge"] + files + [folder.path("b.swt")]).code == 0)
    #expect(try Command("diff", folder.path("a.swt"), folder.path("b.swt")).code == 0)
    #expect(try Command(files[0], folder.path("c.swt")).code == 65)
  }

  private struct Card: Decodable {
    struct File: Decodable {
      let path: String
      let bytes: Int
    }
    struct Row: Decodable {
      let name: String
      let from: [String]
      let result: String
    }
    let audit: Int
    let inputs: [File]
    let outputs: [File]
    let tensors: [Row]
    let counts: [String: Int]
  }

  @Test(
    "--audit writes a card of what was compared, which verify repeats; another output is told from it",
    arguments: ["m.swt", "m.pth", "m.npz", "m.npy", "shards"])
  func audits(_ name: String) throws {
    defer { folder.remove() }
    let source = fixturePath(name == "m.npy" ? "numpy_files/f4.npy" : "distributed/fsdp.pth")
    let input = folder.path("input" + (name == "m.npy" ? ".npy" : ".pth"))
    try FileManager.default.copyItem(atPath: source, toPath: input)
    let shards = name == "shards" ? ["--max-shard-size", "100"] : []
    let run = try Command(
      ["convert", "--json", "--audit", folder.path("card.json")] + shards + [input, folder.path(name)])
    #expect(run.code == 0)
    #expect(run.output.contains("\"verified\" : true"))
    let card = try JSONDecoder().decode(Card.self, from: Data(folder.contents("card.json")))
    #expect(card.audit == 1)
    #expect(card.inputs.map(\.path) == [input])
    #expect(card.outputs.isEmpty == false)
    #expect(try card.tensors.map(\.name) == stateDict(input).names)
    #expect(card.tensors.allSatisfy { $0.result == "equal" })
    #expect(card.tensors.first?.from == [name == "m.npy" ? "" : "model.0.weight"])
    #expect(card.counts["equal"] == card.tensors.count)
    let again = try Command("verify", folder.path(name), "--audit", folder.path("card.json"))
    #expect(again.code == 0)
    #expect(again.output.contains("as \(folder.path("card.json")) says"))
    // The same values in another file, and then other values.
    _ = try folder.file("input" + (name == "m.npy" ? ".npy" : ".pth"), "changed")
    let changed = try Command("verify", "--json", folder.path(name), "--audit", folder.path("card.json"))
    #expect(changed.code == 1)
    #expect(changed.output.contains("has another SHA-256"))
    let other = try Command("verify", fixturePath("state_dicts/module.pth"), "--audit", folder.path("card.json"))
    #expect(other.code == 1)
    #expect(other.output.contains("is missing"))
  }

  @Test("--verify says that it did, and --resume needs shards")
  func verifies() throws {
    defer { folder.remove() }
    let input = fixturePath("distributed/fsdp")
    #expect(
      try Command("convert", "--verify", input, folder.path("m.swt")).lines.first?.hasSuffix(", verified") == true)
    #expect(try Command("convert", "--resume", input, folder.path("n.swt")).code == 64)
    for _ in 0..<2 {
      let run = try Command("convert", "--resume", "--max-shard-size", "100", input, folder.path("shards"))
      #expect(run.code == 0)
    }
    #expect(try Command("diff", folder.path("m.swt"), folder.path("shards")).code == 0)
  }
}
