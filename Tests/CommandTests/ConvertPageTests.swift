import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// The recipes of docs/convert.md, run as they are shown.
struct ConvertPageTests {
  /// A heading, and the maps and commands below it.
  private struct Recipe {
    let title: String
    var files: [(name: String, text: String)] = []
    var commands: [String] = []
  }

  private static func recipes() throws -> [Recipe] {
    var recipes: [Recipe] = []
    var fence: (kind: String, text: [String])?
    var file = ""
    for line in try Repository.text("docs/convert.md").components(separatedBy: "\n") {
      if let open = fence {
        guard line == "```" else {
          fence?.text.append(line)
          continue
        }
        fence = nil
        guard !recipes.isEmpty else { continue }
        if open.kind == "json" { recipes[recipes.count - 1].files.append((file, open.text.joined(separator: "\n"))) }
        if open.kind == "sh" { recipes[recipes.count - 1].commands += open.text }
      } else if line.hasPrefix("```") {
        fence = (String(line.dropFirst(3)), [])
      } else if line.hasPrefix("### ") {
        recipes.append(Recipe(title: String(line.dropFirst(4))))
      } else if let name = line.components(separatedBy: "`").first(where: { $0.hasSuffix(".json") }) {
        file = name
      }
    }
    return recipes
  }

  /// The inputs that the commands name, with few numbers.
  private func makeInputs(in folder: TemporaryFolder) throws {
    func write(_ file: String, _ shapes: KeyValuePairs<String, [Int]>) throws {
      var elements: [StateDict.Element] = []
      for (number, (name, shape)) in shapes.enumerated() {
        let values = (0..<shape.reduce(1, *)).map { Float($0 + 1000 * number) }
        elements.append((name, try Tensor(values, shape: shape)))
      }
      try StateDict(elements).write(toPath: folder.path(file))
    }
    try write(
      "model.pth",
      [
        "conv1.weight": [4, 3, 2, 2], "conv1.bias": [4], "bn1.weight": [4], "bn1.num_batches_tracked": [],
        "layer1.conv2.weight": [5, 4, 1, 1],
      ])
    try write("detector.pth", ["backbone.a.weight": [2], "backbone.b.weight": [3], "head.weight": [4]])
    try write(
      "vit.pth",
      [
        "blocks.0.attn.qkv.weight": [6, 2], "blocks.0.attn.qkv.bias": [6], "blocks.0.attn.proj.weight": [2, 2],
        "blocks.1.attn.qkv.weight": [6, 2], "blocks.1.attn.qkv.bias": [6], "blocks.1.attn.proj.weight": [2, 2],
      ])
    try write(
      "moe.safetensors",
      [
        "layers.0.experts.0.w1.weight": [2, 3], "layers.0.experts.0.w2.weight": [3, 2],
        "layers.0.experts.1.w1.weight": [2, 3], "layers.0.experts.1.w2.weight": [3, 2],
      ])
    try write(
      "llama.safetensors",
      ["layers.0.q.weight": [8, 8], "layers.0.k.weight": [8, 8], "layers.0.v.weight": [8, 8]])
    let bottom = "backbone.bottom_up"
    var names = ["pixel_mean", "proposal_generator.anchor_generator.cell_anchors.0"]
    names += ["\(bottom).stem.conv1.weight", "\(bottom).stem.conv1.norm.weight", "\(bottom).res2.0.shortcut.weight"]
    names += [
      "\(bottom).res2.0.shortcut.norm.bias", "\(bottom).res2.0.conv1.weight", "\(bottom).res2.0.conv1.norm.bias",
    ]
    names += ["backbone.fpn_lateral2.weight", "backbone.fpn_output2.bias", "proposal_generator.rpn_head.conv.weight"]
    names += ["proposal_generator.rpn_head.objectness_logits.weight", "roi_heads.box_head.fc1.weight"]
    let tensor = try Tensor([1, 2] as [Float], shape: [2])
    try StateDict(names.map { ($0, tensor) }).write(toPath: folder.path("detectron2.pth"))
  }

  @Test("every recipe of the page runs, and makes what it says")
  func recipes() throws {
    let recipes = try Self.recipes()
    #expect(recipes.count == 10 && recipes.allSatisfy { !$0.commands.isEmpty })
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try makeInputs(in: folder)
    for recipe in recipes {
      for file in recipe.files { _ = try folder.file(file.name, file.text) }
      for command in recipe.commands {
        let line = command.replacingOccurrences(of: "pth2swt ", with: #""$0" "#)
        let run = try Command(script: "cd '\(folder.url.path)' && \(line)")
        #expect(run.code == 0, "\(recipe.title): \(command)\n\(run.output)\(run.errors)")
      }
    }
    func written(_ name: String) throws -> StateDict { try Checkpoint(path: folder.path(name)).stateDict() }
    #expect(try written("model.safetensors").tensors.allSatisfy { $0.elementType == .bfloat16 })
    #expect(try written("backbone.safetensors").names == ["a.weight", "b.weight"])
    #expect(try written("split.safetensors")["layer.1.attention.value.weight"]?.shape == [2, 2])
    #expect(try written("stacked.safetensors")["layers.0.experts.w2"]?.shape == [2, 3, 2])
    #expect(try written("megatron.pth")["layers.0.qkv.weight"]?.shape == [24, 8])
    #expect(try written("nhwc.safetensors")["conv1.weight"]?.shape == [4, 2, 2, 3])
    #expect(try written("mlx.safetensors")["layer1.conv2.weight"]?.shape == [5, 1, 1, 4])
    let torchvision = try written("torchvision.safetensors").names
    #expect(torchvision.contains("backbone.body.layer1.0.bn1.bias") && torchvision.contains("backbone.body.bn1.weight"))
    #expect(torchvision.allSatisfy { !$0.contains("bottom_up") })
  }
}
