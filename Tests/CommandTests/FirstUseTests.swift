import Foundation
import StateDicts
import Testing

/// What someone tries who does not know the command yet: each error leads to the next command.
@Suite struct FirstUseTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (name, values) in [("a", [1, 2]), ("b", [3, .nan])] as [(String, [Float])] {
      try FileManager.default.createDirectory(atPath: folder.path("runs"), withIntermediateDirectories: true)
      try StateDict([("fc.weight", Tensor(values, shape: [2]))]).write(
        to: URL(fileURLWithPath: folder.path("runs/\(name).pth")))
    }
  }

  private func run(_ name: String) -> String { folder.path("runs/\(name).pth") }

  @Test("Without arguments the command leads to its help")
  func nothing() throws {
    let command = try Command()
    #expect(command.code == 64 && command.errors.contains("Run pth2swt --help for examples."))
  }

  @Test("A folder of checkpoints leads to --into, and several inputs to --merge or --into")
  func several() throws {
    let single = try Command(folder.path("runs"), folder.path("out"))
    #expect(single.code == 64 && single.errors.contains("--into \(folder.path("out")) \(folder.path("runs"))"))
    #expect(try Command("convert", "--into", folder.path("out"), folder.path("runs")).code == 0)
    let inspected = try Command("inspect", folder.path("runs"))
    #expect(inspected.code == 66 && inspected.errors.contains("convert --into"))
    let both = try Command(run("a"), run("b"), folder.path("c.pth"))
    #expect(both.code == 64 && both.errors.contains("--merge joins") && both.errors.contains("--into FOLDER converts"))
  }

  @Test("Names that two inputs have lead to --drop")
  func collision() throws {
    let merged = try Command("convert", "--merge", run("a"), run("b"), folder.path("c.pth"))
    #expect(merged.code == 65 && merged.errors.contains("--drop 'fc.weight' \(run("a")) PART"))
  }

  @Test("A path that may be the name of a model leads to hf://, another to its folder")
  func missing() throws {
    let model = try Command("inspect", "openai-community/gpt2")
    #expect(model.code == 66 && model.errors.contains("hf://openai-community/gpt2"))
    #expect(try Command("inspect", folder.path("none/x.pth")).errors.contains("there is no \(folder.path("none"))"))
    #expect(try !Command("inspect", run("none")).errors.contains("hf://"))
  }

  @Test("Statistics end with the tensors that have NaN")
  func statistics() throws {
    #expect(try Command("inspect", "--stats", run("b")).output.contains("NaN or infinity in 1 tensor: fc.weight\n"))
    #expect(try !Command("inspect", "--stats", run("a")).output.contains("NaN or infinity"))
  }

  @Test("A folder with a pointer of Git LFS is not taken for chunks of safetensors")
  func pointer() throws {
    let text = "version https://git-lfs.github.com/spec/v1\noid sha256:46\nsize 123\n"
    try FileManager.default.createDirectory(atPath: folder.path("clone"), withIntermediateDirectories: true)
    try text.write(toFile: folder.path("clone/weights.safetensors"), atomically: true, encoding: .utf8)
    let command = try Command("inspect", folder.path("clone"))
    #expect(command.code == 66 && command.errors.contains("It has: weights.safetensors."))
  }
}
