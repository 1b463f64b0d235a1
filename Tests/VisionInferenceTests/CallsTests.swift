import Foundation
import ModelParameters
import StateDicts
import Testing
import TorchCheckpoints
import VisionInference
import VisionModels

/// `Detector` and `Classifier` offer the same calls; the models come from `TestData/recipes/runnable.py`.
@Suite(.serialized) struct CallsTests {
  private static let folder = Repository.fixture("runnable")

  private func weights(_ name: String) throws -> StateDict {
    try loadStateDict(url: Self.folder.appending(path: name))
  }

  private func images() throws -> [Image] {
    try ["dot.png", "wide.png"].map { try Image(contentsOf: Self.folder.appending(path: $0)) }
  }

  @Test("a classifier gives the same for one image and several, synchronously and not, from weights and from a model")
  func classifier() async throws {
    let (weights, images) = (try weights("classifier.pth"), try images())
    let fit = try ModelFit(weights)
    let classifier = try Classifier(weights: weights, threads: 1)
    #expect(classifier.name == .mobileNetV2)
    var configuration = MobileNetV2.Configuration()
    configuration.classCount = classifier.classCount
    let loaded = try Classifier(MobileNetV2(configuration, loading: fit.match), threads: 1)
    #expect(loaded.name == nil && loaded.classCount == classifier.classCount)
    let alone = try images.map { image throws in try classifier.classify(image, top: 3) }
    #expect(alone.map(\.count) == [3, 3])
    expectSame(try classifyTogether(classifier, images), alone)
    expectSame(try await classifier.classify(batch: images, top: 3), alone)
    expectSame([try await loaded.classify(images[1], top: 3)], [alone[1]])
    expectSame(try classifier.timedClassify(batch: images, top: 3).classes, alone)
    #expect(try classifyTogether(classifier, []).isEmpty)
  }

  @Test("a backbone is not a classifier")
  func backbone() throws {
    let configuration = ResNet.Configuration.named[0].configuration.asBackbone(normLayer: .batchNorm2d)
    let registry = ParameterRegistry(of: ResNet.self, configuration)
    let shapes = try StateDict(
      registry.held.map { ($0.name, Tensor(shapeOnly: $0.shape, elementType: $0.elementType ?? .float32)) })
    let model = try ResNet(configuration, loading: shapes)
    #expect(throws: VisionError(.configuration, "")) { try Classifier(model) }
  }

  @Test("a detector gives the same for a batch, synchronously and not")
  func detector() async throws {
    var options = DetectionOptions()
    options.minSize = 64
    options.maxSize = 2000
    options.rpnPostNMSTopN = 20
    let detector = try Detector(
      .fasterRCNNResNet18FPN, weights: weights("detector.pth"), options: options, threads: 1)
    let images = Array(try images().prefix(1))
    let found = try detectTogether(detector, images)
    #expect(try await detector.detect(batch: images) == found)
    #expect(try await [detector.detect(images[0])] == found)
  }

  // In an asynchronous test the asynchronous call would be meant.
  private func classifyTogether(_ classifier: Classifier, _ images: [Image]) throws -> [[Classification]] {
    try classifier.classify(batch: images, top: 3)
  }

  private func detectTogether(_ detector: Detector, _ images: [Image]) throws -> [[Detection]] {
    try detector.detect(batch: images)
  }

  private func expectSame(
    _ found: [[Classification]], _ expected: [[Classification]], location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.map { $0.map(\.label) } == expected.map { $0.map(\.label) }, sourceLocation: location)
    for (ours, theirs) in zip(found.joined(), expected.joined()) {
      #expect(abs(ours.score - theirs.score) < 1e-5, sourceLocation: location)
    }
  }
}
