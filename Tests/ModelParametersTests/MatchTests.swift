import ModelParameters
import StateDicts
import Testing

@Suite struct MatchTests {
  private let registry = ParameterRegistry(of: Tiny.self, 2)
  private let exact = Tiny.exact

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
    old.metadata.modules = ["": .object(["version": .integer(1)])]
    #expect(registry.match(old).isExact)
    old.metadata.modules = ["": .object(["version": .integer(2)])]
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
    #expect(match.unexpected == ["extra", "fc.bais"])
    #expect(match.mismatched.map(\.name) == ["conv.0.weight", "fc.weight"])
    #expect(match.mismatched.map(\.likelyPermutation) == [[3, 2, 1, 0], [1, 0]])
    let error = #expect(throws: MatchError.self) { try match.validate() }
    #expect(
      error?.match.torchMessage == """
        Error(s) in loading state_dict for Tiny:
        \tMissing key(s) in state_dict: "bn.running_mean", "fc.bias".\u{20}
        \tUnexpected key(s) in state_dict: "extra", "fc.bais".\u{20}
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

  @Test("a branch under another name is told as the renaming that would place it, and that renaming does")
  func suggestedRenaming() throws {
    let registry = ParameterRegistry(of: Tiny.self, 2)
    let weights = try StateDict(
      shapes: [
        "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "head.cls.weight": [2, 4], "head.cls.bias": [2],
      ])
    let match = registry.match(weights)
    #expect(match.suggestedRenamings.map(\.renaming.description) == ["head.cls.*=fc.*"])
    #expect(match.suggestedRenamings.map(\.nameCount) == [2])
    #expect(match.nearNames.isEmpty)
    let map = KeyMap(match.suggestedRenamings.map(\.renaming))
    #expect(registry.match(weights, options: MatchOptions(renaming: map)).isExact)
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
    #expect(match.missing.isEmpty)
    let rule = try KeyMap.Renaming("b.*=fc.*")
    #expect(match.collisions == [.init(name: "fc.bias", from: ["fc.bias", "b.bias"], rules: [rule])])
    #expect(!match.isAcceptable)
    #expect(match.text().contains("\n  fc.bias, b.bias -> fc.bias, by 'b.*=fc.*'"))
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
}

extension [String] {
  fileprivate func inserting(_ element: String, at place: Int) -> [String] {
    var copy = self
    copy.insert(element, at: place)
    return copy
  }
}
