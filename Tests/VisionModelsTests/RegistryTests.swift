import ModelParameters
import Testing
import VisionModels

@Suite struct RegistryTests {
  static let detectors = VisionModel.all.map(\.name.rawValue).filter { $0.hasPrefix("fasterrcnn") }
  static let nineteen = VisionModel.all.map(\.name.rawValue).filter { !$0.hasSuffix("_fpn_backbone") }

  @Test("a model has torchvision's names, shapes and roles in torchvision's order", arguments: nineteen)
  func equalsTorchvision(name: String) throws {
    let ours = try VisionModel(named: .init(rawValue: name)).registry()
    #expect(try ours.lines == TorchvisionRegistry(name).specs)
  }

  @Test("every name of the catalogue is a constant")
  func names() {
    let classifiers: [VisionModel.Name] = [
      .resNet18, .resNet34, .resNet50, .resNet101, .resNet152, .resNeXt50x32x4d, .resNeXt101x32x8d, .wideResNet50x2,
      .wideResNet101x2, .mobileNetV2,
    ]
    let backbones: [VisionModel.Name] = [
      .resNet18FPNBackbone, .resNet34FPNBackbone, .resNet50FPNBackbone, .resNet101FPNBackbone, .resNet152FPNBackbone,
      .resNeXt50x32x4dFPNBackbone, .resNeXt101x32x8dFPNBackbone, .wideResNet50x2FPNBackbone,
      .wideResNet101x2FPNBackbone,
    ]
    let detectors: [VisionModel.Name] = [
      .fasterRCNNResNet18FPN, .fasterRCNNResNet34FPN, .fasterRCNNResNet50FPN, .fasterRCNNResNet101FPN,
      .fasterRCNNResNet152FPN, .fasterRCNNResNeXt50x32x4dFPN, .fasterRCNNResNeXt101x32x8dFPN,
      .fasterRCNNWideResNet50x2FPN, .fasterRCNNWideResNet101x2FPN,
    ]
    #expect(VisionModel.all.map(\.name) == classifiers + backbones + detectors)
  }

  @Test("there are nineteen models and nine backbones")
  func counts() {
    #expect(Self.nineteen.count == 19)
    #expect(VisionModel.all.count == 28)
  }

  @Test("a detector freezes what torchvision freezes, at each of six levels", arguments: detectors, 0...5)
  func frozenAsTorchvision(name: String, layers: Int) throws {
    let ours = try VisionModel(named: .init(rawValue: name)).registry(trainableLayers: layers)
    #expect(try ours.frozenNames == TorchvisionRegistry(name).frozenNames(trainableLayers: layers))
  }

  @Test("a backbone alone equals torchvision's, frozen lists too", arguments: 0...5)
  func backbone(layers: Int) throws {
    let ours = try VisionModel(named: "resnet50_fpn_backbone").registry(trainableLayers: layers)
    let theirs = try TorchvisionRegistry("resnet50_fpn_backbone")
    #expect(ours.lines == theirs.specs)
    #expect(ours.frozenNames == theirs.frozenNames(trainableLayers: layers))
  }

  @Test("with plain BatchNorm, torchvision's lists again: bn1 is frozen with conv1, and 5 layers freeze nothing")
  func batchNorm() throws {
    let theirs = try TorchvisionRegistry("fasterrcnn_resnet50_fpn-BatchNorm2d")
    for layers in 0...5 {
      let ours = try VisionModel(named: "fasterrcnn_resnet50_fpn", normLayer: .batchNorm2d)
        .registry(trainableLayers: layers)
      #expect(ours.lines == theirs.specs)
      #expect(ours.frozenNames == theirs.frozenNames(trainableLayers: layers))
      #expect(ours.frozenNames.contains("backbone.body.bn1.weight") == (layers < 5))
      #expect(ours.frozenNames.isEmpty == (layers == 5))
    }
  }

  @Test("the number of classes is free")
  func classCount() throws {
    let ours = try VisionModel(named: "fasterrcnn_resnet18_fpn", classCount: 2).registry()
    #expect(try ours.lines == TorchvisionRegistry("fasterrcnn_resnet18_fpn-2").specs)
  }

  @Test("Faster R-CNN over ResNet-50 holds 295 tensors, 3 layers train unless said, buffers never")
  func fasterRCNN() throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet50_fpn").registry()
    #expect(registry.held.count == 295)
    #expect(registry.frozenNames.count == 11)
    #expect(registry.specs.allSatisfy { $0.role == .parameter || !$0.isTrainable })
  }

  @Test("an unknown model is refused with the names that look like it")
  func unknown() {
    let error = #expect(throws: ParameterError.self) { try VisionModel(named: "fasterrcnn_resnet5_fpn") }
    #expect(error?.code == .unknownModel)
    #expect(error?.remedy?.contains("fasterrcnn_resnet50_fpn") == true)
  }

  @Test("a MobileNetV2 has no layers to count, and says so")
  func mobileNet() throws {
    let model = try VisionModel(named: "mobilenet_v2")
    #expect(throws: ParameterError(.outOfRange, "")) { try model.registry(trainableLayers: 3) }
  }

  @Test("a classifier trains whole unless said, and keeps its last layer when its stages are frozen")
  func classifier() throws {
    let model = try VisionModel(named: "resnet18")
    #expect(try model.registry().frozenNames.isEmpty)
    #expect(try model.registry(trainableLayers: 0).trainableNames == ["fc.weight", "fc.bias"])
  }
}
