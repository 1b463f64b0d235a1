import ModelParameters
import StateDicts
import Testing

/// A model in a few lines: a moved convolution, a normalization and a classifier.
private struct Tiny: LoadableModel {
  let conv, weight, bias: Tensor
  let prepared: [Float]?

  init(_ classCount: Int, in scope: ParameterScope) {
    let place = scope / "conv"
    let conv = (place / 0).formerly(place, before: 2, of: scope).parameter("weight", 4, 3, 1, 1)
    self.conv = conv
    _ = (scope / "bn").buffer("running_mean", 4)
    (scope / "bn").ignore("num_batches_tracked")
    weight = (scope / "fc").parameter("weight", classCount, 4)
    bias = (scope / "fc").parameter("bias", classCount)
    prepared = scope.prepare(from: conv) { try [Float](conv) }
  }
}

@Suite struct MatchTests {
  private let registry = ParameterRegistry(of: Tiny.self, 2)
  private let exact: KeyValuePairs = [
    "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc.weight": [2, 4], "fc.bias": [2],
  ]

  @Test("a registry lists what the initializer declares, in its order")
  func declared() {
    #expect(registry.specs.map(\.name) == exact.map(\.key).inserting("bn.num_batches_tracked", at: 2))
    #expect(registry.held.map(\.shape) == exact.map(\.value))
    #expect(registry.model == "Tiny")
  }

  @Test("a state dict with every name is exact, in any order")
  func matches() throws {
    let match = try registry.match(StateDict(shapes: exact))
    #expect(match.isExact)
    #expect(match.bound.map(\.name) == exact.map(\.key))
  }

  @Test("an old name is taken where the layout's version is older, or unknown")
  func formerName() throws {
    var old = try StateDict(shapes: [
      "conv.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc.weight": [2, 4], "fc.bias": [2],
    ])
    #expect(registry.match(old).isExact)
    #expect(registry.match(old).renamed == [.init(from: "conv.weight", to: "conv.0.weight")])
    old.moduleMetadata = [.init("", .object([.init("version", .integer(1))]))]
    #expect(registry.match(old).isExact)
    old.moduleMetadata = [.init("", .object([.init("version", .integer(2))]))]
    #expect(registry.match(old).missing == ["conv.0.weight"])
    #expect(registry.match(old).unexpected == ["conv.weight"])
  }

  @Test("an ignored name is accepted and told")
  func ignored() throws {
    let match = try registry.match(
      StateDict(
        exact.map { (name: $0.key, tensor: Tensor(shapeOnly: $0.value, elementType: .float32)) } + [
          (name: "bn.num_batches_tracked", tensor: Tensor(shapeOnly: [], elementType: .int64))
        ]))
    #expect(match.isExact)
    #expect(match.ignored == ["bn.num_batches_tracked"])
  }

  @Test("every fault is in one report")
  func allFaults() throws {
    let match = try registry.match(
      StateDict(shapes: ["conv.0.weight": [1, 1, 3, 4], "fc.weight": [4, 2], "fc.bais": [2], "extra": [7]]))
    #expect(match.missing == ["bn.running_mean", "fc.bias"])
    #expect(match.unexpected == ["fc.bais", "extra"])
    #expect(match.mismatched.map(\.name) == ["conv.0.weight", "fc.weight"])
    #expect(match.mismatched.map(\.likelyPermutation) == [[3, 2, 1, 0], [1, 0]])
    let error = #expect(throws: MatchError.self) { try match.validate() }
    #expect(
      error?.match.torchMessage == """
        Error(s) in loading state_dict for Tiny:
        \tMissing key(s) in state_dict: "bn.running_mean", "fc.bias".\u{20}
        \tUnexpected key(s) in state_dict: "fc.bais", "extra".\u{20}
        \tsize mismatch for conv.0.weight: copying a param with shape torch.Size([1, 1, 3, 4]) from checkpoint, \
        the shape in current model is torch.Size([4, 3, 1, 1]).
        \tsize mismatch for fc.weight: copying a param with shape torch.Size([4, 2]) from checkpoint, \
        the shape in current model is torch.Size([2, 4]).
        """)
  }

  @Test("a channels-last weight is told from a transposed one")
  func channelsLast() throws {
    let registry = try ParameterRegistry([ParameterSpec("w", shape: [8, 3, 5, 5])])
    let match = try registry.match(StateDict(shapes: ["w": [8, 5, 5, 3]]))
    #expect(match.mismatched.map(\.likelyPermutation) == [[0, 3, 1, 2]])
    #expect(try registry.match(StateDict(shapes: ["w": [8, 5, 5, 4]])).mismatched.map(\.likelyPermutation) == [nil])
  }

  @Test("a misspelled name is found by its shape and its letters")
  func nearNames() throws {
    let match = try registry.match(
      StateDict(shapes: [
        "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc_.weight": [2, 4], "fc.bias": [2], "z.weight": [9],
      ]))
    #expect(match.nearNames == [.init(missing: "fc.weight", candidates: ["fc_.weight"])])
  }

  @Test("what the options allow may be missing or left over; another shape may not")
  func allowed() throws {
    let partial = try StateDict(shapes: ["conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "extra": [7]])
    let options = MatchOptions(allowedMissing: ["fc.*"], allowedUnexpected: ["extra"])
    #expect(!registry.match(partial).isAcceptable)
    let match = registry.match(partial, options: options)
    #expect(match.isAcceptable && !match.isExact)
    #expect(match.missing == ["fc.weight", "fc.bias"])
    let all = MatchOptions(allowedMissing: ["*"], allowedUnexpected: ["*"])
    #expect(try !registry.match(StateDict(shapes: ["fc.bias": [3]]), options: all).isAcceptable)
  }

  @Test("a renaming is applied first, and what it made is told")
  func renaming() throws {
    let weights = try StateDict(
      shapes: ["conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "head.weight": [2, 4], "head.bias": [2]])
    let match = try registry.match(weights, options: MatchOptions(renaming: KeyMap(["head.*=fc.*"])))
    #expect(match.isExact)
    #expect(match.renamed == [.init(from: "head.weight", to: "fc.weight"), .init(from: "head.bias", to: "fc.bias")])
  }

  @Test("two names that a map makes one are told, and nothing is loaded")
  func collision() throws {
    let weights = try StateDict(
      shapes: [
        "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc.weight": [2, 4], "fc.bias": [2], "b.bias": [2],
      ])
    let match = try registry.match(weights, options: MatchOptions(renaming: KeyMap(["b.*=fc.*"])))
    #expect(match.collisions == [.init(name: "fc.bias", from: ["fc.bias", "b.bias"])])
    #expect(!match.isAcceptable)
  }

  @Test(
    "a prefix that all names share is stripped where the match is then exact",
    arguments: ["module.", "model.", "_orig_mod.", "_orig_mod.module.", "student.encoder."])
  func prefix(text: String) throws {
    let weights = try StateDict(
      exact.map { (name: text + $0.key, tensor: Tensor(shapeOnly: $0.value, elementType: .float32)) })
    let match = registry.match(weights)
    #expect(match.isExact)
    #expect(match.prefix?.text == text)
    #expect(match.prefix?.isStripped == true)
    #expect(match.bound.first?.source == text + "conv.0.weight")
    let kept = registry.match(weights, options: MatchOptions(prefix: .keep))
    #expect(!kept.isExact && kept.prefix?.isStripped == false)
    #expect(kept.hints.contains { $0.contains(text) })
  }

  @Test("wrappers within a name are taken out too")
  func innerWrapper() throws {
    let weights = try StateDict(
      shapes: [
        "conv._orig_mod.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc._orig_mod.weight": [2, 4],
        "fc._orig_mod.bias": [2],
      ])
    #expect(registry.match(weights).isExact)
  }

  @Test("a prefix is only reported where the match would not be exact, and stripped when that is asked for")
  func prefixOnRequest() throws {
    let weights = try StateDict(shapes: [
      "model.conv.0.weight": [4, 3, 1, 1], "model.fc.weight": [2, 4], "loss.weight": [3],
    ])
    #expect(registry.match(weights).prefix?.isStripped == false)
    #expect(registry.match(weights).bound.isEmpty)
    let stripped = registry.match(weights, options: MatchOptions(prefix: .strip))
    #expect(stripped.bound.count == 2)
    #expect(stripped.missing == ["bn.running_mean", "fc.bias"])
    #expect(stripped.unexpected == ["loss.weight"])
  }

  @Test("the versions of modules are found beneath a prefix")
  func prefixedVersion() throws {
    var weights = try StateDict(
      shapes: [
        "module.conv.weight": [4, 3, 1, 1], "module.bn.running_mean": [4], "module.fc.weight": [2, 4],
        "module.fc.bias": [2],
      ])
    #expect(registry.match(weights).isExact)
    weights.moduleMetadata = [.init("module", .object([.init("version", .integer(2))]))]
    #expect(!registry.match(weights).isExact)
  }

  @Test("a one-element vector stands for a scalar, as torch has it")
  func scalar() throws {
    let registry = try ParameterRegistry([ParameterSpec("count", shape: [], elementType: .int64, role: .buffer)])
    let weights = try StateDict([(name: "count", tensor: Tensor([5, 0, 0, 0, 0, 0, 0, 0], shape: [1], as: .int64))])
    let match = registry.match(weights)
    #expect(match.isExact)
    #expect(match.bound.first?.converted.shape == [])
    #expect(try match.bound.first.map { try [Int](($0.converted)) } == [5])
  }

  @Test("the report is JSON as scripts rely on it")
  func json() throws {
    struct Report: Decodable {
      struct Mismatch: Decodable, Equatable {
        let name: String
        let expected, found: [Int]
      }
      let bound: Int
      let missing, unexpected, ignored: [String]
      let mismatched: [Mismatch]
      let renamed: [Match.Renamed]
    }
    let match = try registry.match(
      StateDict(shapes: ["conv.weight": [4, 3, 1, 1], "fc.weight": [3, 4], "extra": [1]]))
    let report = try match.json(Report.self)
    #expect(report.bound == 1)
    #expect(report.missing == ["bn.running_mean", "fc.bias"])
    #expect(report.unexpected == ["extra"])
    #expect(report.mismatched == [.init(name: "fc.weight", expected: [2, 4], found: [3, 4])])
    #expect(report.renamed == [.init(from: "conv.weight", to: "conv.0.weight")])
    #expect(report.ignored.isEmpty)
  }

  // MARK: Loading

  private func weights(classes: Int = 2) throws -> StateDict {
    let conv = (0..<12).map(Float.init)
    let bytes = conv.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    return try StateDict([
      (name: "conv.0.weight", tensor: Tensor(bytes, shape: [4, 3, 1, 1], as: .float32)),
      (name: "bn.running_mean", tensor: Tensor(Array(bytes[..<16]), shape: [4], as: .float32)),
      (
        name: "fc.weight",
        tensor: Tensor([UInt8](repeating: 0, count: 16 * classes), shape: [classes, 4], as: .float32)
      ),
      (name: "fc.bias", tensor: Tensor([UInt8](repeating: 0, count: 4 * classes), shape: [classes], as: .float32)),
    ])
  }

  @Test("a model is handed the state dict's tensors, and prepares what it wants of them")
  func loads() throws {
    let model = try Tiny(2, loading: weights())
    #expect(model.prepared == (0..<12).map(Float.init))
    #expect(model.weight.hasValues)
  }

  @Test("nothing is loaded where the match is not exact")
  func refusesToLoad() throws {
    #expect(throws: MatchError.self) { try Tiny(2, loading: weights(classes: 3)) }
  }

  @Test("a model of another configuration is not loaded with the match")
  func otherConfiguration() throws {
    let match = try registry.match(weights())
    #expect(throws: ParameterError(.otherModel, "")) { try Tiny(3, loading: match) }
  }

  @Test("a tensor that may be missing has no values, and nothing is prepared of it")
  func loadsPartly() throws {
    let partial = try StateDict(weights().filter { $0.name != "conv.0.weight" }.map { $0 })
    let match = registry.match(partial, options: MatchOptions(allowedMissing: ["conv.*"]))
    let model = try Tiny(2, loading: match)
    #expect(!model.conv.hasValues && model.prepared == nil)
    #expect(throws: CheckpointError.self) { try [Float](model.conv) }
  }
}

extension [String] {
  fileprivate func inserting(_ element: String, at place: Int) -> [String] {
    var copy = self
    copy.insert(element, at: place)
    return copy
  }
}
