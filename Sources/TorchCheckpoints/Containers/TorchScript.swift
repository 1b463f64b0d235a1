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
    _ archive: ZipArchive, _ root: String, byteOrder: ByteOrder, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> (tensors: [NamedTensor], globals: [GlobalUse]) {
    guard let entry = archive[root + "constants.pkl"] else { return ([], []) }
    do throws(CheckpointError) {
      let values = try TorchZip.values(
        entry, in: archive, records: root + "constants/", byteOrder: byteOrder, file: file, options)
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
      guard let text = try? archive.text(of: entry, limit: 16 << 20) else { continue }
      let module = entry.name.dropFirst(prefix.count).dropLast(3).split(separator: "/").joined(separator: ".")
      ScriptClass.read(text, module: module, into: &classes)
    }
    return classes
  }
}
