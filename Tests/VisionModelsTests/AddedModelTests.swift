import ModelParameters
import StateDicts
import Testing
import VisionModels

// The model that docs/models.md adds, as it stands there.

/// Five convolutions and three linear layers; torchvision's `AlexNet` (`models/alexnet.py`).
private struct AlexNet: LoadableModel {
  /// Convolutions by their place in torchvision's list; each is followed by ReLU, the 1st, 2nd and 5th by a maximum.
  let features: [Conv2d]
  let classifier: [Linear]

  init(_ classCount: Int, in scope: ParameterScope) {
    let features = scope / "features"
    self.features = [
      Conv2d(inputChannels: 3, outputChannels: 64, kernelSize: 11, stride: 4, padding: 2, in: features / 0),
      Conv2d(inputChannels: 64, outputChannels: 192, kernelSize: 5, padding: 2, in: features / 3),
      Conv2d(inputChannels: 192, outputChannels: 384, kernelSize: 3, padding: 1, in: features / 6),
      Conv2d(inputChannels: 384, outputChannels: 256, kernelSize: 3, padding: 1, in: features / 8),
      Conv2d(inputChannels: 256, outputChannels: 256, kernelSize: 3, padding: 1, in: features / 10),
    ]
    let classifier = scope / "classifier"
    self.classifier = [
      Linear(256 * 6 * 6, 4096, in: classifier / 1),
      Linear(4096, 4096, in: classifier / 4),
      Linear(4096, classCount, in: classifier / 6),
    ]
  }
}

@Suite struct AddedModelTests {
  @Test("the model that the documentation adds is torchvision's")
  func alexNet() throws {
    let registry = ParameterRegistry(of: AlexNet.self, 1000)
    #expect(try registry.lines == TorchvisionRegistry("alexnet").specs)
    let rule = FreezeRule.freezing("features.*").training("features.10.*")
    #expect(registry.freezing(rule).frozenNames.count == 8)
  }
}
