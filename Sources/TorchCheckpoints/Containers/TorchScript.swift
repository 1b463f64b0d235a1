import StateDicts

/// What TorchScript adds to torch's zip format: constants that its code refers to by number, and the code.
///
///     net/data.pkl            the module, as an object of class __torch__.model.Net
///     net/data/0              its storages
///     net/constants.pkl       a tuple of tensors
///     net/constants/0         their storages, numbered apart
///     net/code/__torch__/model.py      class Net(Module):
///                                        __parameters__ = ["weight", ]
///                                        __buffers__ = ["mean", ]
///
/// The code is never run; of it only the two lines are read that tell parameters from buffers.
/// Source: `torch/csrc/jit/serialization/export_module.cpp`, `python_print.cpp`.
enum TorchScript {
  /// The tensors of `constants.pkl`, named `constants.0`, `constants.1` …, and the globals that it names.
  static func constants(
    _ archive: ZipArchive, _ root: String, byteOrder: ByteOrder, file: String, options: CheckpointOptions
  ) throws(CheckpointError) -> (tensors: [NamedTensor], globals: [Checkpoint.GlobalUse]) {
    guard let entry = archive[root + "constants.pkl"] else { return ([], []) }
    do throws(CheckpointError) {
      let values = try TorchZip.values(
        entry, in: archive, records: root + "constants/", byteOrder: byteOrder, file: file, options: options)
      let found = try TensorWalk.tensors(
        under: values.pickle.root, of: values, .everything, limits: options.limits
      ).found
      return (found.map { $0.under("constants") }, values.globals)
    } catch {
      throw error.located(entry: entry.name)
    }
  }

  /// For each class its tensors' names, as the code declares them.
  ///
  /// Code that cannot be read tells nothing.
  static func classes(_ archive: ZipArchive, _ root: String) -> [String: ScriptClass] {
    var classes: [String: ScriptClass] = [:]
    let prefix = root + "code/"
    for entry in archive.entries where entry.name.hasPrefix(prefix) && entry.name.hasSuffix(".py") {
      guard let (store, range) = try? archive.bytes(of: entry, limit: 16 << 20) else { continue }
      let text = unsafe store.withUnsafeBytes { bytes in unsafe String(decoding: bytes[range], as: UTF8.self) }
      let module = entry.name.dropFirst(prefix.count).dropLast(3).split(separator: "/").joined(separator: ".")
      ScriptClass.read(text, module: module, into: &classes)
    }
    return classes
  }
}

/// The names of a TorchScript class's own parameters and buffers.
struct ScriptClass: Sendable {
  var parameters: [String] = []
  var buffers: [String] = []

  fileprivate static func read(_ text: String, module: String, into classes: inout [String: ScriptClass]) {
    var current: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line.hasPrefix("class "), let end = line.firstIndex(where: { $0 == "(" || $0 == ":" }) {
        current = "\(module).\(line.dropFirst(6).prefix(upTo: end))"
        if let current { classes[current] = ScriptClass() }
      } else if let current {
        if line.hasPrefix("  __parameters__ = [") { classes[current]?.parameters = names(line) }
        if line.hasPrefix("  __buffers__ = [") { classes[current]?.buffers = names(line) }
      }
    }
  }

  /// The texts between quotation marks.
  private static func names(_ line: Substring) -> [String] {
    line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
