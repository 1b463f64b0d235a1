import Foundation
import Testing

#if os(Linux)
  @Suite("The public API of each product, as the toolchain finds it in the modules that were built with these tests")
  struct PublicAPITests {
    private static let modules = [
      "StateDicts", "TorchCheckpoints", "ModelParameters", "VisionModels", "VisionInference", "TorchHub",
    ]

    /// Types that no other public declaration mentions: users begin with them.
    private static let beginnings: Set<String> = [
      "BatchNorm2d", "Checkpoint", "Classifier", "Detector", "FrozenBatchNorm2d", "RemoteFile", "SwiftDeclaration",
      "Validation",
    ]

    private static let graphs = Result { try SymbolGraph.graphs(of: modules) }

    @Test(
      "It is what docs/api has; after an intended change, PTH2SWT_SNAPSHOT=1 writes the list anew", arguments: modules)
    func listing(_ module: String) throws {
      let lines = try #require(Self.graphs.get()[module]).flatMap(\.lines)
      let url = Repository.root.appending(path: "docs/api/\(module).txt")
      if ProcessInfo.processInfo.environment["PTH2SWT_SNAPSHOT"] != nil {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
        print("written: \(url.path)")
      }
      let expected = try Repository.text("docs/api/\(module).txt").split(separator: "\n").map(String.init)
      let changes = lines.difference(from: expected).map { change in
        switch change {
        case .insert(_, let line, _): "+ \(line)"
        case .remove(_, let line, _): "- \(line)"
        }
      }
      #expect(changes.isEmpty, "\(changes.joined(separator: "\n"))")
    }

    @Test("A type that appears in no other public declaration is not public")
    func needed() throws {
      let symbols = try Self.graphs.get().values.joined().flatMap(\.symbols)
      var users: [String: Set<String>] = [:]
      for symbol in symbols {
        for fragment in symbol.declarationFragments {
          if let type = fragment.preciseIdentifier { users[type, default: []].insert(symbol.path) }
        }
      }
      let unused = symbols.filter { symbol in
        symbol.isType && symbol.pathComponents.last != "Model"
          && users[symbol.identifier.precise, default: []].allSatisfy {
            $0 == symbol.path || $0.hasPrefix(symbol.path + ".")
          }
      }
      #expect(Set(unused.map(\.path)) == Self.beginnings)
    }
  }

  /// What `swift-symbolgraph-extract` writes of a module, or of a module's extensions of another.
  private struct SymbolGraph: Decodable {
    struct Symbol: Decodable {
      struct Identifier: Decodable { let precise: String }
      struct Fragment: Decodable {
        let spelling: String
        let preciseIdentifier: String?
      }
      struct Kind: Decodable { let identifier: String }
      let kind: Kind
      let identifier: Identifier
      let pathComponents: [String]
      let declarationFragments: [Fragment]

      var path: String { pathComponents.joined(separator: ".") }
      var isType: Bool {
        ["swift.struct", "swift.class", "swift.enum", "swift.protocol", "swift.typealias"].contains(kind.identifier)
      }
    }
    struct Relationship: Decodable {
      let kind: String
      let source: String
      let targetFallback: String?
    }
    let symbols: [Symbol]
    let relationships: [Relationship]

    /// Conformances that the compiler adds.
    private static let implied: Set<String> = [
      "Swift.SendableMetatype", "Swift.Copyable", "Swift.Escapable", "Swift.BitwiseCopyable",
    ]

    /// A line for each declaration: `Type.member  let member: Int`, with the conformances of types, sorted.
    var lines: [String] {
      var conformances: [String: [String]] = [:]
      for relationship in relationships where relationship.kind == "conformsTo" {
        guard let target = relationship.targetFallback, !Self.implied.contains(target) else { continue }
        conformances[relationship.source, default: []].append(
          target.hasPrefix("Swift.") ? String(target.dropFirst(6)) : target)
      }
      return symbols.map { symbol in
        let words = symbol.declarationFragments.map(\.spelling).joined().split(whereSeparator: \.isWhitespace)
        let protocols = conformances[symbol.identifier.precise].map { ": " + $0.sorted().joined(separator: ", ") } ?? ""
        return "\(symbol.path)  \(words.filter { $0 != "public" }.joined(separator: " "))\(protocols)"
      }.sorted()
    }

    /// The graphs of each module, its own first.
    static func graphs(of modules: [String]) throws -> [String: [SymbolGraph]] {
      let folder = FileManager.default.temporaryDirectory.appending(path: "pth2swt-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let products = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent()
      let libraries = Repository.root.appending(path: "Sources/CLibraries")
      var searched = [products.appending(path: "Modules").path]
      searched += try FileManager.default.contentsOfDirectory(atPath: libraries.path).map { "\(libraries.path)/\($0)" }
      var graphs: [String: [SymbolGraph]] = [:]
      for module in modules {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
          [
            "swift-symbolgraph-extract", "-module-name", module, "-target",
            products.deletingLastPathComponent().lastPathComponent, "-output-dir", folder.path,
            "-minimum-access-level", "public", "-skip-synthesized-members",
          ] + searched.flatMap { ["-I", $0] }
        try process.run()
        process.waitUntilExit()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
          $0 == "\(module).symbols.json" || $0.hasPrefix("\(module)@")
        }
        graphs[module] = try names.sorted { ($0.count, $0) < ($1.count, $1) }.map {
          try JSONDecoder().decode(SymbolGraph.self, from: Data(contentsOf: folder.appending(path: $0)))
        }
      }
      return graphs
    }
  }
#endif
