import ModelParameters
import Testing
import VisionModels

/// The outputs of the notebook that the project started from (torchvision's proposal pytorch/vision#2160), in its order.
@Suite struct NotebookTests {
  /// Cells 3, 4 and 7.
  static let byDefault = """
    backbone.body.conv1.weight
    backbone.body.layer1.0.conv1.weight
    backbone.body.layer1.0.conv2.weight
    backbone.body.layer1.0.conv3.weight
    backbone.body.layer1.0.downsample.0.weight
    backbone.body.layer1.1.conv1.weight
    backbone.body.layer1.1.conv2.weight
    backbone.body.layer1.1.conv3.weight
    backbone.body.layer1.2.conv1.weight
    backbone.body.layer1.2.conv2.weight
    backbone.body.layer1.2.conv3.weight
    """

  /// Cell 9, for each number of trainable layers: the stages that are frozen, with their block counts. (The notebook's
  /// own output is cut after 26 lines; torchvision's whole lists are in `RegistryTests`.)
  static let frozenStages = [
    0: [1: 3, 2: 4, 3: 6, 4: 3], 1: [1: 3, 2: 4, 3: 6], 2: [1: 3, 2: 4], 3: [1: 3], 4: [:],
  ]

  @Test("with a pretrained model, the 11 names are frozen that torchvision froze")
  func cell7() throws {
    let plan = try fasterRCNNResNet50FPN(pretrained: true, pretrainedBackbone: false, numClasses: 91)
    #expect(plan.registry.frozenNames.joined(separator: "\n") == Self.byDefault)
  }

  @Test("with neither model nor backbone pretrained, nothing is frozen")
  func cell8() throws {
    let plan = try fasterRCNNResNet50FPN(pretrained: false, pretrainedBackbone: false, numClasses: 91)
    #expect(plan.registry.frozenNames.isEmpty)
    #expect(plan.weights == nil)
  }

  @Test("for 0 to 5 trainable layers, the six lists of the notebook", arguments: 0...5)
  func cell9(layers: Int) throws {
    let plan = try fasterRCNNResNet50FPN(
      pretrained: true, pretrainedBackbone: false, numClasses: 91, trainableBackboneLayers: layers)
    var expected = layers == 5 ? [] : ["backbone.body.conv1.weight"]
    for (stage, count) in (Self.frozenStages[layers] ?? [:]).sorted(by: { $0.key < $1.key }) {
      for block in 0..<count {
        let path = "backbone.body.layer\(stage).\(block)"
        expected += (1...3).map { "\(path).conv\($0).weight" }
        if block == 0 { expected.append("\(path).downsample.0.weight") }
      }
    }
    #expect(plan.registry.frozenNames == expected)
    #expect(plan.registry.frozenNames.count == [53, 43, 24, 11, 1, 0][layers])
  }

  @Test("7 trainable layers are an error that says 0 to 5, even where nothing would be frozen")
  func cell10() {
    let error = #expect(throws: ParameterError.self) {
      try fasterRCNNResNet50FPN(
        pretrained: false, pretrainedBackbone: false, numClasses: 91, trainableBackboneLayers: 7)
    }
    #expect(error?.code == .outOfRange)
    #expect(error?.message.contains("0 to 5") == true)
  }

  @Test("a negative number of layers is refused too")
  func negative() {
    #expect(throws: ParameterError(.outOfRange, "")) { try FreezeRule.backbone(trainableLayers: -1) }
  }

  @Test("a pretrained model needs no backbone weights; a pretrained backbone needs its own")
  func weights() throws {
    #expect(
      try fasterRCNNResNet50FPN(pretrained: true).weights?.fileName == "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth")
    #expect(try fasterRCNNResNet50FPN(pretrained: false).weights?.path == "backbone.body")
    #expect(try fasterRCNNResNet50FPN(pretrained: false).registry.frozenNames.count == 11)
  }

  @Test("with plain BatchNorm and 5 trainable layers, nothing is frozen")
  func batchNorm() throws {
    let plan = try fasterRCNNResNet50FPN(pretrained: true, trainableBackboneLayers: 5, normLayer: .batchNorm2d)
    #expect(plan.registry.frozenNames.isEmpty)
    #expect(plan.registry.trainableNames.contains("backbone.body.bn1.weight"))
  }

  @Test("the COCO weights were trained with an epsilon of 0")
  func epsilon() throws {
    #expect(try fasterRCNNResNet50FPN(pretrained: true).configuration.backbone.body.normLayer.eps == 0)
    #expect(try fasterRCNNResNet50FPN(pretrained: false).configuration.backbone.body.normLayer.eps == 1e-5)
  }

  @Test("frozen names come out by module, as MLX's freeze(keys:) takes them")
  func byModule() throws {
    let frozen = try fasterRCNNResNet50FPN(pretrained: true).registry.frozenKeys
    #expect(frozen.first == ModuleKeys(module: "backbone.body.conv1", keys: ["weight"]))
    #expect(frozen.count == 11)
    let trainable = try fasterRCNNResNet50FPN(pretrained: true).registry.trainableKeys
    #expect(trainable.last == ModuleKeys(module: "roi_heads.box_predictor.bbox_pred", keys: ["weight", "bias"]))
  }
}
