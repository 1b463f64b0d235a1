import ArgumentParser
package import ModelParameters
package import StateDicts
import Terminal

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Options for matching weights with a model.
package struct MatchingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Rename tensors, e.g. 'head.*=roi_heads.*'.", valueName: "old=new"))
  var rename: [String] = []

  @Option(
    help: ArgumentHelp("JSON list of renamings, applied after --rename.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var renameFile: FilePath?

  @Option(
    help: ArgumentHelp("Allow missing tensors, e.g. 'fc.*'.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var allowMissing: [NamePattern] = []

  @Option(
    help: ArgumentHelp("Allow unexpected tensors, e.g. 'head.*'.", valueName: "pattern"), transform: { NamePattern($0) }
  )
  var allowUnexpected: [NamePattern] = []

  @Flag(help: "Strip a common prefix even if the match is not exact.")
  var stripPrefix = false

  @Flag(help: "Never strip a prefix.")
  var keepPrefix = false

  package init() {}

  package func validate() throws {
    guard !(stripPrefix && keepPrefix) else {
      throw ValidationError("--strip-prefix and --keep-prefix exclude each other.")
    }
  }

  /// The renamings; those that change no name of the state dict are reported on standard error.
  package func keyMap(for stateDict: StateDict) throws -> KeyMap {
    var map = try KeyMap(rename)
    if let renameFile {
      let file: KeyMap = try readJSON(renameFile, "a list of renamings", remedy: #"["head.*=roi_heads.*"]"#)
      map = KeyMap(map.renamings + file.renamings)
    }
    for renaming in map.withoutEffect(on: stateDict.names) {
      let isShadowed = stateDict.names.contains { renaming.from.matches($0) }
      printToStandardError(
        "pth2swt: the renaming '\(renaming)' "
          + (isShadowed ? "matches only names that an earlier one renames" : "matches no tensor's name"))
    }
    return map
  }

  package func options(for stateDict: StateDict) throws -> MatchOptions {
    MatchOptions(
      renaming: try keyMap(for: stateDict), prefix: keepPrefix ? .keep : stripPrefix ? .strip : .ifExact,
      allowedMissing: allowMissing, allowedUnexpected: allowUnexpected)
  }
}

/// A JSON file's value.
package func readJSON<Value: Decodable>(_ path: FilePath, _ what: String, remedy: String) throws -> Value {
  let data = Data(try path.contents())
  do {
    return try JSONDecoder().decode(Value.self, from: data)
  } catch let error as CheckpointError where error.code == .malformedRenaming {
    throw CheckpointError(.malformedHeader, error.message, file: path.description, remedy: error.remedy)
  } catch let error as ParameterError {
    throw CheckpointError(.malformedHeader, error.message, file: path.description, remedy: error.remedy)
  } catch {
    throw CheckpointError(.malformedHeader, "Not \(what).", file: path.description, remedy: remedy)
  }
}
