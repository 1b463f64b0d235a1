import ModelParameters
import StateDicts
import Testing

/// Declarations that are written for lists of tensors; `make test-clients` compiles those of real checkpoints.
@Suite struct SwiftDeclarationTests {
  private func declaration(_ tensors: [(String, [Int])], as form: SwiftDeclaration.Form = .scopes) throws -> String {
    let registry = try ParameterRegistry(tensors.map { ParameterSpec($0.0, shape: $0.1) })
    return SwiftDeclaration(of: registry, named: "net", as: form).lines.joined(separator: "\n")
  }

  private let blocks = (0..<3).flatMap { [("blocks.\($0).fc.weight", [8, 4]), ("blocks.\($0).fc.bias", [8])] }

  @Test("equal blocks are a loop, blocks of different sizes an array of one type")
  func repeated() throws {
    let equal = try declaration(blocks + [("head.weight", [2, 8])])
    #expect(equal.contains(#"blocks = (0..<3).map { BlocksBlock(in: scope / "blocks" / $0) }"#))
    #expect(equal.contains("/// The modules `blocks.0`, `blocks.1` and `blocks.2`.\n"))
    #expect(equal.contains(#"head = Linear(outputs: 2, inputs: 8, hasBias: false, in: scope / "head")"#))
    let different = try declaration(blocks + [("blocks.3.fc.weight", [16, 8]), ("blocks.3.fc.bias", [16])])
    #expect(different.contains(#"BlocksBlock(fcOutputs: 16, fcInputs: 8, in: scope / "blocks" / 3),"#))
    #expect(different.contains("/// The modules `blocks.0`, `blocks.1`, `blocks.2` and 1 more.\n"))
    #expect(different.components(of: "struct BlocksBlock") == 1)
  }

  @Test("for MLX, lists have Identity where the checkpoint has no tensors")
  func mlx() throws {
    let source = try declaration(
      [("net.0.weight", [8, 3, 5, 5]), ("net.2.weight", [4, 8]), ("net.2.bias", [4])], as: .mlx)
    #expect(
      source.contains(
        "netLayers.append(MLXNN.Conv2d(inputChannels: 3, outputChannels: 8, kernelSize: [5, 5], bias: false))"))
    #expect(source.contains("netLayers.append(Identity())\n    netLayers.append(MLXNN.Linear(8, 4))"))
    #expect(source.contains(#"@ModuleInfo(key: "net") var net: [Module]"#))
  }

  @Test("names are literals, whatever they hold, and identifiers are unique")
  func names() throws {
    let source = try declaration([
      ("a\"b\\(x)\n.weight", [2]), ("class.init", []), ("a b.x", [1]), ("a_b.x", [1]), ("..", [3]), ("\u{202E}", []),
    ])
    #expect(source.contains(#"scope / "a\"b\\(x)\u{a}""#) && source.contains(#"scope.parameter("..", 3)"#))
    #expect(source.contains("let class_: Class\n") && source.contains("let init_: Tensor"))
    #expect(source.contains("let aB: AB\n") && source.contains("let aB_2: AB\n"))
    #expect(source.utf8.allSatisfy { $0 < 0x80 })
  }

  @Test("lists in lists, a long name of dots and many modules take no more than their number of steps")
  func nested() throws {
    let deep = (0..<30).map { _ in "0" }.joined(separator: ".")
    let dots = String(repeating: "a.", count: 100_000) + "w"
    let source = try declaration([(deep + ".weight", [2]), (deep + ".bias", [2]), (dots, [1])])
    #expect(source.contains(#"scope.parameter("weight", features, as: type)"#) && source.utf8.count < 1_000_000)
    let many = try declaration((0..<5000).map { ("m.\($0).\($0 % 7).weight", [$0, 3]) })
    #expect(many.utf8.count < 2_000_000)
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
