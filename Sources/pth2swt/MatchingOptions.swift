import ArgumentParser
import ModelParameters
import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How names of a checkpoint become names of a model.
struct RenamingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Rename before anything else: 'head.*=roi_heads.*'. The first line that fits a name decides.",
      valueName: "old=new"))
  var rename: [String] = []

  @Option(
    help: ArgumentHelp("A JSON list of such lines, after those of --rename.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var renameFile: String?

  func keyMap() throws -> KeyMap {
    let lines = try KeyMap(rename)
    guard let renameFile else { return lines }
    let file: KeyMap = try readJSON(renameFile, "a list of renamings", remedy: #"["head.*=roi_heads.*"]"#)
    return KeyMap(lines.renamings + file.renamings)
  }
}

/// How strictly names are held against a model's.
struct StrictnessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Let names like this be missing; * stands for any text.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var allowMissing: [NamePattern] = []

  @Option(
    help: ArgumentHelp("Let names like this be left over.", valueName: "pattern"), transform: { NamePattern($0) })
  var allowUnexpected: [NamePattern] = []

  @Flag(help: "Strip a common prefix such as module. though the match is not exact then.")
  var stripPrefix = false

  @Flag(help: "Never strip a prefix.")
  var keepPrefix = false

  func options(_ renaming: KeyMap) -> MatchOptions {
    MatchOptions(
      renaming: renaming, prefix: keepPrefix ? .keep : stripPrefix ? .strip : .ifExact,
      allowedMissing: allowMissing, allowedUnexpected: allowUnexpected)
  }
}

/// A JSON file's value.
func readJSON<Value: Decodable>(_ path: String, _ what: String, remedy: String) throws -> Value {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw CheckpointError(.notFound, "There is no such file.", file: path)
  }
  do {
    return try JSONDecoder().decode(Value.self, from: data)
  } catch let error as ParameterError {
    throw CheckpointError(.malformedHeader, error.message, file: path, remedy: error.remedy)
  } catch {
    throw CheckpointError(.malformedHeader, "This is not \(what).", file: path, remedy: remedy)
  }
}
