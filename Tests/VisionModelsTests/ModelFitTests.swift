import ModelParameters
import StateDicts
import Testing
import VisionModels

/// One way of finding model, prefix and number of classes, for whatever wraps the weights.
@Suite struct ModelFitTests {
  /// Names and shapes of a model's state dict, without values.
  private func weights(
    _ model: VisionModel.Name, classes: Int?, named rename: (String) -> String = { $0 }, besides: [String: [Int]] = [:]
  ) throws -> StateDict {
    let registry = try VisionModel(named: model, classCount: classes).registry()
    let shapes = registry.held.map { (rename($0.name), $0.shape) } + besides.sorted { $0.key < $1.key }
    return try StateDict(
      shapes.map { name, shape in
        (name: name, tensor: Tensor(shapeOnly: shape, elementType: shape.isEmpty ? .int64 : .float32))
      })
  }

  static let wrappings = [
    "", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "detector.", "model.", "model.module.",
    "model._orig_mod.module.", "_forward_module.model.net.",
  ]

  @Test("model, prefix and classes are found in the weights", arguments: wrappings)
  func inferred(prefix: String) throws {
    for (model, classes) in [(VisionModel.Name.fasterRCNNResNet18FPN, 3), (.resNet18, 10)] {
      let weights = try weights(model, classes: classes) { prefix + $0 }
      for fit in try [ModelFit(weights), ModelFit(weights, as: model)] {
        #expect(fit.model.name == model && fit.model.classCount == classes)
        #expect(fit.match.isExact)
        #expect(fit.match.prefix?.text == (prefix.isEmpty ? nil : prefix))
      }
    }
  }

  @Test("wrappers around inner modules are taken out before the classes are counted")
  func innerWrappers() throws {
    let weights = try weights("fasterrcnn_resnet18_fpn", classes: 3) {
      "detector." + $0.replacing("roi_heads.", with: "roi_heads._orig_mod.").replacing("body.", with: "body.module.")
    }
    let fit = try ModelFit(weights)
    #expect(fit.model.name == "fasterrcnn_resnet18_fpn" && fit.model.classCount == 3)
    #expect(fit.match.isExact)
  }

  @Test("a renaming is applied before the classes are counted, and what is left over can be allowed")
  func options() throws {
    let weights = try weights(
      "resnet18", classes: 7, named: { "encoder." + $0.replacing("fc.", with: "head.") }, besides: ["loss.weight": [7]])
    let options = MatchOptions(
      renaming: try KeyMap(["encoder.head.*=fc.*", "encoder.*=*"]), allowedUnexpected: ["loss.*"])
    let fit = try ModelFit(weights, options: options)
    #expect(fit.model.name == "resnet18" && fit.model.classCount == 7)
    #expect(fit.match.isAcceptable && fit.match.unexpected == ["loss.weight"])
    // With everything allowed to be left over, the model is still the one that most of it fits.
    let larger = try ModelFit(
      self.weights("resnet34", classes: 5, besides: ["x": [1]]), options: MatchOptions(allowedUnexpected: ["*"]))
    #expect(larger.model.name == "resnet34")
  }

  @Test("the first line says how many classes the weights have, where another number was asked for")
  func wrongClassCount() throws {
    let weights = try weights("fasterrcnn_resnet18_fpn", classes: 3) { "module." + $0 }
    let fit = try ModelFit(weights, as: "fasterrcnn_resnet18_fpn", classCount: 91)
    #expect(!fit.match.isAcceptable)
    let line = fit.description.split(separator: "\n").first
    let source = "module.roi_heads.box_predictor.cls_score.weight"
    #expect(line == "to fix: --num-classes 3, because \(source) is [3, 1024]")
    #expect(throws: MatchError.self) { try fit.match.validate() }
  }

  @Test("the report says how many classes were counted, and by which tensor")
  func countedClasses() throws {
    let fit = try ModelFit(weights("resnet18", classes: 10), as: "resnet18")
    #expect(
      fit.description
        == "exact: 122 tensors bound to resnet18 with 10 classes (inferred: --num-classes 10, because fc.weight is [10, 512])"
    )
  }

  @Test("a head under another name and of another size is found by its form")
  func renamedHead() throws {
    let weights = try weights("resnet18", classes: 10) { $0.replacing("fc.", with: "fc.1.") }
    let fit = try ModelFit(weights, as: "resnet18")
    #expect(fit.model.classCount == 10)
    #expect(fit.match.fix?.arguments == ["--rename", "fc.1.*=fc.*"])
    #expect(fit.match.fix?.isEnough == true)
    let options = MatchOptions(renaming: try KeyMap(["fc.1.*=fc.*"]))
    #expect(try ModelFit(weights, options: options).match.isExact)
  }

  @Test("where the weights are of another model, the first line names it")
  func otherModel() throws {
    let weights = try weights("resnet34", classes: 4) { "module." + $0 }
    let fit = try ModelFit(weights, as: "resnet18")
    #expect(fit.match.fix?.arguments == ["--model", "resnet34"])
    #expect(fit.description.hasPrefix("to fix: --model resnet34, the model that matches these weights\nno match: "))
  }

  @Test("where no model fits, the error names the nearest one")
  func noModel() throws {
    let weights = try weights("resnet18", classes: 4, besides: ["extra": [1]])
    let error = #expect(throws: VisionError.self) { try ModelFit(weights) }
    #expect(error?.code == .configuration)
    #expect(error?.remedy?.contains("--model resnet18") == true)
    let other = #expect(throws: VisionError.self) { try ModelFit(StateDict(shapes: ["a": [1]])) }
    #expect(other?.code == .configuration)
    #expect(other?.remedy?.contains("pth2swt registry") == true)
  }

  @Test("a number of classes that makes no sense is not taken from the weights", arguments: [0, 1 << 40])
  func absurdHead(rows: Int) throws {
    let weights = try StateDict(
      weights("resnet18", classes: 4).map { name, tensor in
        (name, name == "fc.weight" ? Tensor(shapeOnly: [rows, 512], elementType: .float32) : tensor)
      })
    #expect(try !ModelFit(weights, as: "resnet18").match.isAcceptable)
  }
}

extension StateDict {
  fileprivate init(shapes: [String: [Int]]) throws {
    try self.init(shapes.map { (name: $0.key, tensor: Tensor(shapeOnly: $0.value, elementType: .float32)) })
  }
}
