import ModelParameters
import StateDicts
import Testing

/// What a person reads where weights do not fit, in the order in which it is of use.
@Suite struct MatchReportTests {
  private let registry = ParameterRegistry(of: Tiny.self, 2)

  @Test("first the line that fixes it, then counts, hints and lists")
  func order() throws {
    let match = try registry.match(
      StateDict(
        shapes: [
          "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "head.cls.weight": [2, 4], "head.cls.bias": [2],
        ]))
    #expect(
      match.description == """
        to fix: --rename 'head.cls.*=fc.*'
        no match: 2 of 4 tensors bound, 2 missing, 2 unexpected
        hints (1):
          Renaming 'head.cls.*=fc.*' would match 2 names.
        missing (2):
          fc.weight
          fc.bias
        unexpected (2):
          head.cls.weight
          head.cls.bias
        """)
    let error = #expect(throws: MatchError.self) { try match.validate() }
    #expect(error.map { "\($0)" }?.hasPrefix("to fix: --rename 'head.cls.*=fc.*'\nError(s) in loading") == true)
  }

  @Test("a prefix, renamings and what may be left over are put together into one line, which then is enough")
  func together() throws {
    let weights = try StateDict(
      shapes: [
        "net.conv.0.weight": [4, 3, 1, 1], "net.bn.running_mean": [4], "net.head.weight": [2, 4], "net.head.bias": [2],
        "loss.weight": [3], "loss.scale": [1],
      ])
    let fix = try #require(registry.match(weights).fix)
    #expect(fix.arguments == ["--rename", "net.head.*=fc.*", "--strip-prefix", "--allow-unexpected", "loss.*"])
    #expect(fix.isEnough)
    let options = MatchOptions(
      renaming: try KeyMap(["net.head.*=fc.*"]), prefix: .strip, allowedUnexpected: ["loss.*"])
    #expect(registry.match(weights, options: options).isAcceptable)
  }

  @Test("suggested renamings stand in the order in which they must be given, before those that were given")
  func renamingOrder() throws {
    let weights = try StateDict(
      shapes: [
        "net.conv.0.weight": [4, 3, 1, 1], "net.bn.running_mean": [4], "net.head.weight": [2, 4], "net.head.bias": [2],
      ])
    let given = MatchOptions(renaming: try KeyMap(["net.*=*"]))
    let fix = try #require(registry.match(weights, options: given).fix)
    #expect(fix.arguments == ["--rename", "net.head.*=fc.*", "--rename", "net.*=*"])
    let map = try KeyMap(["net.head.*=fc.*", "net.*=*"])
    #expect(registry.match(weights, options: MatchOptions(renaming: map)).isExact)
  }

  @Test("nothing is called a fix where a tensor has another shape, or half of the model is missing")
  func noFix() throws {
    #expect(
      try registry.match(
        StateDict(shapes: [
          "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc.weight": [3, 4], "fc.bias": [3],
        ])
      ).fix == nil)
    #expect(try registry.match(StateDict(shapes: ["conv.0.weight": [4, 3, 1, 1]])).fix == nil)
    let partial = try registry.match(
      StateDict(shapes: [
        "m.conv.0.weight": [4, 3, 1, 1], "m.bn.running_mean": [5], "m.fc.weight": [2, 4], "m.x": [1],
      ]))
    #expect(partial.fix?.arguments == ["--strip-prefix"])
    #expect(partial.description.hasPrefix("closer match: --strip-prefix (then 2 tensors match)\nno match: 0 of 4 "))
  }

  @Test("ten names of each list are shown, all where that is asked for, and in JSON")
  func tenNames() throws {
    let names = (0..<50).map { "other.\($0).value" }
    let match = try registry.match(
      StateDict(names.map { (name: $0, tensor: Tensor(shapeOnly: [7], elementType: .float32)) }))
    #expect(match.description.contains("\n  other.9.value\n  … and 40 more (--all)"))
    #expect(!match.description.contains("other.10.value"))
    #expect(match.text().hasSuffix("\n  other.49.value"))
    struct Report: Decodable { let unexpected: [String] }
    #expect(try match.json(Report.self).unexpected == names)
    #expect(match.torchMessage.contains("\"other.49.value\""))
    #expect("\(MatchErrorText(match))".contains("\"other.9.value\", … and 40 more."))
  }

  @Test("an option is quoted as a shell wants it")
  func quoting() throws {
    let registry = try ParameterRegistry([
      ParameterSpec("a.w", shape: [2]), ParameterSpec("a.b", shape: [3]), ParameterSpec("a.c", shape: [4]),
    ])
    let match = try registry.match(StateDict(shapes: ["it's.w": [2], "it's.b": [3], "it's.c": [4]]))
    #expect(match.fix?.description == #"to fix: --rename 'it'\''s.*=a.*'"#)
  }
}

/// The text of the error that a match throws.
private struct MatchErrorText: CustomStringConvertible {
  let description: String

  init(_ match: Match) {
    do {
      try match.validate()
      description = ""
    } catch {
      description = "\(error)"
    }
  }
}
