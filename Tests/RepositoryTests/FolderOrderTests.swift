import Foundation
import Testing

@Suite("A folder of a module uses what is in the folders below it, and nothing above")
struct FolderOrderTests {
  /// The folders of each module, the lowest first.
  ///
  /// Files beside the folders are above them all.
  private static let folders = [
    "StateDicts": [
      "Errors", "Threads", "Bytes", "JSON", "Tensors", "StateDict", "Mapping", "Safetensors", "Writing", "Statistics",
      "Reports",
    ],
    "TorchCheckpoints": [
      "Options", "Archive", "Numpy", "Pickle", "Kinds", "Globals", "Torch", "Containers", "Checkpoint", "Reports",
    ],
    "ModelParameters": ["Errors", "Names", "Registry", "Matching", "Declaration", "Generation"],
    "VisionModels": ["Errors", "Layers", "Models", "Catalogue", "Labels"],
    "VisionInference": ["Images", "Engine", "Detection", "Forward", "Validation"],
    "Subcommands": ["Output", "Programs", "Options"],
    "TorchHub": ["Options", "Files", "Folder", "HuggingFace", "Partial", "Transfer"],
    "pth2swt": ["Output", "Options", "Commands"],
  ]

  @Test("Each module with folders has an order", arguments: try modules())
  func listed(_ module: String) throws {
    let found = Set(try Self.files(of: module).compactMap(\.folder))
    #expect(found.isEmpty || found == Set(Self.folders[module] ?? []))
  }

  @Test("No type of a higher folder is mentioned", arguments: folders.keys.sorted())
  func inOrder(_ module: String) throws {
    let order = try #require(Self.folders[module])
    let files = try Self.files(of: module).map { file in
      (
        rank: file.folder.flatMap(order.firstIndex(of:)) ?? order.count, source: try Source(contentsOf: file.url),
        file.name
      )
    }
    var rankOfType: [String: Int] = [:]
    for file in files { for type in file.source.types { rankOfType[type] = file.rank } }
    for (rank, source, name) in files {
      for word in source.words where rankOfType[word] ?? 0 > rank {
        Issue.record("\(module)/\(name) mentions \(word), which is declared above it.")
      }
    }
  }

  @Test("A mention is told from a comment, a text, and a longer word")
  func words() {
    let source = Source(
      """
      public struct Low<Element>: Sendable {  // not High
        let text = "High \\(high)", line = Middle(1)
        struct Inner {}
      }
      private enum Hidden {}
      final class Other {}
      """)
    #expect(source.types == ["Low", "Other"])
    #expect(source.words.isSuperset(of: ["Low", "Middle", "Other", "Element"]))
    #expect(!source.words.contains("High"))
  }

  // MARK: - Files

  private static func modules() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: sources.path).filter { $0 != "CLibraries" }.sorted()
  }

  private static let sources = Repository.root.appendingPathComponent("Sources")

  /// The Swift files of a module, each with the folder that it or its folder lies in.
  private static func files(of module: String) throws -> [(url: URL, name: String, folder: String?)] {
    let root = sources.appendingPathComponent(module)
    return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.map {
      path in
      let parts = path.split(separator: "/")
      return (root.appendingPathComponent(path), path, parts.count > 1 ? String(parts[0]) : nil)
    }
  }
}

/// A Swift file as words: the types that it declares for its whole module, and all words that begin as types do.
private struct Source {
  private(set) var types: Set<String> = []
  private(set) var words: Set<String> = []

  init(contentsOf url: URL) throws {
    self.init(try String(contentsOf: url, encoding: .utf8))
  }

  init(_ text: String) {
    var isInText = false
    for line in text.utf8.split(separator: 0x0A) {
      let code = Self.code(line, &isInText)
      let parts = code.split(whereSeparator: { !Self.isWordByte($0) }).map { String(decoding: $0, as: UTF8.self) }
      words.formUnion(parts.filter { $0.first?.isUppercase == true })
      guard code.first.map(Self.isWordByte) == true || code.first == UInt8(ascii: "@"), !parts.contains("extension"),
        !parts.contains("private"), !parts.contains("fileprivate")
      else { continue }
      let keyword = parts.firstIndex { ["struct", "class", "enum", "protocol", "actor", "typealias"].contains($0) }
      if let keyword, keyword + 1 < parts.count { types.insert(parts[keyword + 1]) }
    }
  }

  /// A line without its comment and its texts.
  private static func code(_ line: Substring.UTF8View, _ isInText: inout Bool) -> [UInt8] {
    let bytes = Array(line)
    let quote = UInt8(ascii: "\"")
    var code: [UInt8] = []
    var isQuoted = false
    var place = 0
    while place < bytes.count {
      if bytes[place] == quote, bytes[place...].starts(with: [quote, quote, quote]) {
        isInText.toggle()
        place += 3
      } else if isInText {
        place += 1
      } else if isQuoted, bytes[place] == UInt8(ascii: "\\") {
        place += 2
      } else if bytes[place] == quote {
        isQuoted.toggle()
        place += 1
      } else if !isQuoted, bytes[place] == UInt8(ascii: "/"), bytes[place...].starts(with: "//".utf8) {
        break
      } else {
        if !isQuoted { code.append(bytes[place]) }
        place += 1
      }
    }
    return code
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
    default: false
    }
  }
}
