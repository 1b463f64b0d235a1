import Testing

@testable import StateDicts

/// Maps between checkpoints that people have, by the names that their libraries give.
///
/// Shapes are as small as the steps allow. Names are those of torchvision 0.28, timm 1.0 (`vit_base_patch16_224`),
/// transformers 4.57 (`ViTForImageClassification`, `ResNetForImageClassification`, `Mixtral`), detectron2
/// (`faster_rcnn_R_50_FPN`) and Megatron-LM.
struct RealNamesTests {
  /// Tensors of different numbers under names.
  private func stateDict(_ names: [String], _ shape: (String) -> [Int] = { _ in [2] }) throws -> StateDict {
    var first = 0
    return try StateDict(
      names.map { name in
        let shape = shape(name)
        let count = shape.reduce(1, *)
        defer { first += count }
        return (name, try floats((first..<first + count).map(Float.init), shape))
      })
  }

  private func both(_ name: String) -> [String] { ["\(name).weight", "\(name).bias"] }

  private func norm(_ name: String) -> [String] { both(name) + ["\(name).running_mean", "\(name).running_var"] }

  /// Expects a map to make certain names, and its inverse to make the first names and values again.
  @discardableResult
  private func expect(_ map: String, from source: StateDict, makes names: [String]) throws -> StateDict {
    let conversion = try source.converted(by: TensorMap(parsing: map))
    #expect(Set(conversion.stateDict.names) == Set(names))
    #expect(conversion.stateDict.count == names.count)
    let back = try conversion.stateDict.converted(by: conversion.inverse()).stateDict
    #expect(Set(back.names) == Set(source.names))
    for (name, tensor) in source {
      let other = try #require(back[name])
      #expect(try other.shape == tensor.shape && other.gathered == tensor.gathered, "\(name)")
    }
    return conversion.stateDict
  }

  // MARK: - Vision transformers

  private var torchvisionViT: [String] {
    ["class_token"] + both("conv_proj") + ["encoder.pos_embedding"]
      + (0..<12).flatMap { number -> [String] in
        let layer = "encoder.layers.encoder_layer_\(number)"
        return both("\(layer).ln_1") + [
          "\(layer).self_attention.in_proj_weight", "\(layer).self_attention.in_proj_bias",
        ]
          + both("\(layer).self_attention.out_proj") + both("\(layer).ln_2") + both("\(layer).mlp.0")
          + both("\(layer).mlp.3")
      } + both("encoder.ln") + both("heads.head")
  }

  private var timmViT: [String] {
    ["cls_token", "pos_embed"] + both("patch_embed.proj")
      + (0..<12).flatMap { number in
        ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"].flatMap { both("blocks.\(number).\($0)") }
      } + both("norm") + both("head")
  }

  private var transformersViT: [String] {
    ["vit.embeddings.cls_token", "vit.embeddings.position_embeddings"]
      + both("vit.embeddings.patch_embeddings.projection")
      + (0..<12).flatMap { number in
        [
          "attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense",
          "intermediate.dense", "output.dense", "layernorm_before", "layernorm_after",
        ].flatMap { both("vit.encoder.layer.\(number).\($0)") }
      } + both("vit.layernorm") + both("classifier")
  }

  private let torchvisionToTimm = """
    [{"rename": ["class_token=cls_token", "encoder.pos_embedding=pos_embed", "conv_proj.*=patch_embed.proj.*",
                 "encoder.layers.encoder_layer_*.ln_1.*=blocks.*.norm1.*",
                 "encoder.layers.encoder_layer_*.self_attention.in_proj_*=blocks.*.attn.qkv.*",
                 "encoder.layers.encoder_layer_*.self_attention.out_proj.*=blocks.*.attn.proj.*",
                 "encoder.layers.encoder_layer_*.ln_2.*=blocks.*.norm2.*",
                 "encoder.layers.encoder_layer_*.mlp.0.*=blocks.*.mlp.fc1.*",
                 "encoder.layers.encoder_layer_*.mlp.3.*=blocks.*.mlp.fc2.*",
                 "encoder.ln.*=norm.*", "heads.head.*=head.*"]}]
    """

  private let timmToTransformers = """
    [{"split": "blocks.*.attn.qkv.*", "dim": 0,
      "into": ["vit.encoder.layer.*.attention.attention.query.*", "vit.encoder.layer.*.attention.attention.key.*",
               "vit.encoder.layer.*.attention.attention.value.*"]},
     {"rename": ["cls_token=vit.embeddings.cls_token", "pos_embed=vit.embeddings.position_embeddings",
                 "patch_embed.proj.*=vit.embeddings.patch_embeddings.projection.*",
                 "blocks.*.attn.proj.*=vit.encoder.layer.*.attention.output.dense.*",
                 "blocks.*.norm1.*=vit.encoder.layer.*.layernorm_before.*",
                 "blocks.*.norm2.*=vit.encoder.layer.*.layernorm_after.*",
                 "blocks.*.mlp.fc1.*=vit.encoder.layer.*.intermediate.dense.*",
                 "blocks.*.mlp.fc2.*=vit.encoder.layer.*.output.dense.*",
                 "norm.*=vit.layernorm.*", "head.*=classifier.*"]}]
    """

  @Test("a ViT of torchvision becomes timm's, and its attention taken apart transformers', and back")
  func vit() throws {
    let source = try stateDict(torchvisionViT) { name in
      name.hasSuffix("in_proj_weight") ? [12, 4] : name.hasSuffix("in_proj_bias") ? [12] : [4]
    }
    let timm = try expect(torchvisionToTimm, from: source, makes: timmViT)
    let split = try expect(timmToTransformers, from: timm, makes: transformersViT)
    let fused = try [Float](#require(source["encoder.layers.encoder_layer_11.self_attention.in_proj_weight"]))
    #expect(
      try [Float](#require(split["vit.encoder.layer.11.attention.attention.value.weight"])) == Array(fused[32...]))
    let back = try split.converted(by: timm.converted(by: TensorMap(parsing: timmToTransformers)).inverse()).stateDict
    #expect(try [Float](#require(back["blocks.11.attn.qkv.weight"])) == fused)
  }

  // MARK: - ResNets and Faster R-CNN

  private static let blockCounts = [3, 4, 6, 3]

  /// ResNet-50 by the names of its parts: of a stage (from 0), a block and a layer (from 0, and 3 for the shortcut).
  private func resNet(_ name: (Int, Int, Int) -> (conv: String, norm: String), _ norm: (String) -> [String]) -> [String]
  {
    Self.blockCounts.enumerated().flatMap { stage, count in
      (0..<count).flatMap { block in
        (0..<(block == 0 ? 4 : 3)).flatMap { layer -> [String] in
          let names = name(stage, block, layer)
          return ["\(names.conv).weight"] + norm(names.norm)
        }
      }
    }
  }

  private func torchvisionResNet(_ norm: (String) -> [String]) -> [String] {
    ["conv1.weight"] + norm("bn1")
      + resNet(
        { stage, block, layer in
          let path = "layer\(stage + 1).\(block)"
          return layer == 3
            ? ("\(path).downsample.0", "\(path).downsample.1") : ("\(path).conv\(layer + 1)", "\(path).bn\(layer + 1)")
        }, norm)
  }

  @Test("transformers' ResNet-50 becomes torchvision's, and back")
  func resNet() throws {
    func tracked(_ name: String) -> [String] { norm(name) + ["\(name).num_batches_tracked"] }
    let source =
      ["resnet.embedder.embedder.convolution.weight"] + tracked("resnet.embedder.embedder.normalization")
      + resNet(
        { stage, block, layer in
          let path = "resnet.encoder.stages.\(stage).layers.\(block)"
          let part = layer == 3 ? "\(path).shortcut" : "\(path).layer.\(layer)"
          return ("\(part).convolution", "\(part).normalization")
        }, tracked) + both("classifier.1")
    var lines = [
      "resnet.embedder.embedder.convolution.*=conv1.*", "resnet.embedder.embedder.normalization.*=bn1.*",
      "classifier.1.*=fc.*",
    ]
    for stage in 0..<4 {
      let (old, new) = ("resnet.encoder.stages.\(stage).layers.*", "layer\(stage + 1).*")
      lines += [
        "\(old).shortcut.convolution.*=\(new).downsample.0.*", "\(old).shortcut.normalization.*=\(new).downsample.1.*",
      ]
      for layer in 0..<3 {
        lines += [
          "\(old).layer.\(layer).convolution.*=\(new).conv\(layer + 1).*",
          "\(old).layer.\(layer).normalization.*=\(new).bn\(layer + 1).*",
        ]
      }
    }
    let map = TensorMap([.rename(try KeyMap(lines))])
    try expect(map.text, from: stateDict(source), makes: torchvisionResNet(tracked) + both("fc"))
  }

  @Test("detectron2's R-50-FPN becomes torchvision's Faster R-CNN, and back")
  func detectron2() throws {
    let bottom = "backbone.bottom_up"
    var source = ["\(bottom).stem.conv1.weight"] + norm("\(bottom).stem.conv1.norm")
    source += resNet(
      { stage, block, layer in
        let path = "\(bottom).res\(stage + 2).\(block)"
        let conv = layer == 3 ? "\(path).shortcut" : "\(path).conv\(layer + 1)"
        return (conv, "\(conv).norm")
      }, norm)
    for level in 2...5 { source += both("backbone.fpn_lateral\(level)") + both("backbone.fpn_output\(level)") }
    let rpn = "proposal_generator.rpn_head"
    source += both("\(rpn).conv") + both("\(rpn).objectness_logits") + both("\(rpn).anchor_deltas")
    source += both("roi_heads.box_head.fc1") + both("roi_heads.box_head.fc2")
    source += both("roi_heads.box_predictor.cls_score") + both("roi_heads.box_predictor.bbox_pred")

    var expected = torchvisionResNet(norm).map { "backbone.body.\($0)" }
    for level in 0..<4 {
      expected += both("backbone.fpn.inner_blocks.\(level).0") + both("backbone.fpn.layer_blocks.\(level).0")
    }
    expected += both("rpn.head.conv.0.0") + both("rpn.head.cls_logits") + both("rpn.head.bbox_pred")
    expected += both("roi_heads.box_head.fc6") + both("roi_heads.box_head.fc7")
    expected += both("roi_heads.box_predictor.cls_score") + both("roi_heads.box_predictor.bbox_pred")

    var lines = ["\(bottom).stem.conv1.norm.*=backbone.body.bn1.*", "\(bottom).stem.conv1.*=backbone.body.conv1.*"]
    for stage in 1...4 {
      let (old, new) = ("\(bottom).res\(stage + 1).*", "backbone.body.layer\(stage).*")
      lines += [
        "\(old).shortcut.norm.*=\(new).downsample.1.*", "\(old).shortcut.*=\(new).downsample.0.*",
        "\(old).conv*.norm.*=\(new).bn*.*", "\(old).conv*=\(new).conv*",
        "backbone.fpn_lateral\(stage + 1).*=backbone.fpn.inner_blocks.\(stage - 1).0.*",
        "backbone.fpn_output\(stage + 1).*=backbone.fpn.layer_blocks.\(stage - 1).0.*",
      ]
    }
    lines += [
      "\(rpn).conv.*=rpn.head.conv.0.0.*", "\(rpn).objectness_logits.*=rpn.head.cls_logits.*",
      "\(rpn).anchor_deltas.*=rpn.head.bbox_pred.*", "roi_heads.box_head.fc1.*=roi_heads.box_head.fc6.*",
      "roi_heads.box_head.fc2.*=roi_heads.box_head.fc7.*",
    ]
    let map = TensorMap([.rename(try KeyMap(lines))])
    try expect(map.text, from: stateDict(source), makes: expected)
    // What detectron2 computes and torchvision does not have.
    let whole = try stateDict(
      source + ["pixel_mean", "pixel_std", "proposal_generator.anchor_generator.cell_anchors.0"])
    let drop = TensorMap.Step.drop(["pixel_*", "proposal_generator.anchor_generator.*"])
    let made = try whole.converted(by: TensorMap([drop] + map.steps)).stateDict
    #expect(Set(made.names) == Set(expected) && made.metadata.leftOut.count == 3)
  }

  // MARK: - Language models

  @Test("Mixtral's experts are stacked, and unstacked")
  func experts() throws {
    let experts = (0..<2).flatMap { layer in
      (0..<8).flatMap { expert in
        ["w1", "w2", "w3"].map { "model.layers.\(layer).block_sparse_moe.experts.\(expert).\($0).weight" }
      }
    }
    let source = try stateDict(experts + ["model.norm.weight"]) { $0.contains("w2") ? [3, 4] : [4, 3] }
    let map = """
      [{"stack": "model.layers.*.block_sparse_moe.experts.#.w1.weight", "dim": 0, "into": "layers.*.w1"},
       {"stack": "model.layers.*.block_sparse_moe.experts.#.w2.weight", "dim": 0, "into": "layers.*.w2"},
       {"stack": "model.layers.*.block_sparse_moe.experts.#.w3.weight", "dim": -1, "into": "layers.*.w3"}]
      """
    let names = (0..<2).flatMap { layer in ["w1", "w2", "w3"].map { "layers.\(layer).\($0)" } } + ["model.norm.weight"]
    let stacked = try expect(map, from: source, makes: names)
    #expect(stacked["layers.1.w1"]?.shape == [8, 4, 3] && stacked["layers.1.w3"]?.shape == [4, 3, 8])
    let fifth = try [Float](#require(source["model.layers.1.block_sparse_moe.experts.5.w2.weight"]))
    #expect(try Array([Float](#require(stacked["layers.1.w2"]))[60..<72]) == fifth)
  }

  @Test("q, k and v become Megatron's fused projection, in which each head has its own side by side, and back")
  func megatron() throws {
    // 4 heads of 2 rows, with 2 groups of keys and values, for 2 heads each.
    let (heads, groups, size, width) = (4, 2, 2, 3)
    let source = try stateDict(["q", "k", "v"].map { "model.layers.0.self_attn.\($0)_proj.weight" }) { name in
      [(name.contains("q_proj") ? heads : groups) * size, width]
    }
    let map = """
      [{"reshape": "*.q_proj.weight", "shape": [\(groups), \(heads / groups * size), \(width)]},
       {"reshape": ["*.k_proj.weight", "*.v_proj.weight"], "shape": [\(groups), \(size), \(width)]},
       {"concat": ["model.layers.*.self_attn.q_proj.weight", "model.layers.*.self_attn.k_proj.weight",
                   "model.layers.*.self_attn.v_proj.weight"], "dim": 1,
        "into": "decoder.layers.*.self_attention.linear_qkv.weight"},
       {"reshape": "*.linear_qkv.weight", "shape": [-1, \(width)]}]
      """
    let fused = try expect(map, from: source, makes: ["decoder.layers.0.self_attention.linear_qkv.weight"])
    func rows(_ name: String, _ range: Range<Int>) throws -> [Float] {
      Array(
        try [Float](#require(source["model.layers.0.self_attn.\(name)_proj.weight"]))[
          range.lowerBound * width..<range.upperBound * width])
    }
    var expected: [Float] = []
    for group in 0..<groups {
      expected += try rows("q", 4 * group..<4 * group + 4)
      expected += try rows("k", 2 * group..<2 * group + 2)
      expected += try rows("v", 2 * group..<2 * group + 2)
    }
    #expect(try [Float](#require(fused.tensors.first)) == expected)
  }
}
