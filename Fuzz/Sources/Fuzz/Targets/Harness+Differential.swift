import Foundation
import StateDicts
import TorchCheckpoints

extension Harness {
  /// Reads a file in each way; the results must be the same.
  func compare(_ bytes: [UInt8]) {
    let path = folder.write(bytes, "file")
    let mappings: [CheckpointOptions.Mapping] = [.mapped, .unmapped, .copy]
    let accounts = mappings.map { mapping in
      account { options in
        var options = options
        options.mapping = mapping
        return try Checkpoint(path: path, options: options)
      }
    }
    let mapped = accounts[0]
    for (mapping, other) in zip(mappings, accounts) where other != mapped {
      contradiction("mapped: \(mapped)\n\(mapping): \(other)")
    }
    // At a path, JSON is an index of other files.
    let start = bytes.drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
    guard start.first != UInt8(ascii: "{") else { return }
    let memory = account { options in try Checkpoint(bytes, options: options) }
    if memory != mapped { contradiction("mapped: \(mapped)\nfrom memory: \(memory)") }
  }

  /// All that can be seen of a checkpoint, line by line, or why it cannot be read.
  private func account(_ open: (CheckpointOptions) throws -> Checkpoint) -> [String] {
    do {
      let checkpoint = try open(options)
      var lines = checkpoint.notes + checkpoint.globals.map(\.name)
      lines.append(JSONValue.object(checkpoint.marks).text)
      lines.append(checkpoint.value?.json(budget: 1000).text ?? "")
      lines += checkpoint.tensors.map { item in
        "\(item.name) \(item.tensor) \(item.tensor.strides) \(bytes(of: item.tensor))"
      }
      return lines
    } catch {
      return [reason(error)]
    }
  }

  private func bytes(of tensor: Tensor) -> String {
    guard tensor.byteCount <= 1 << 20 else { return "" }
    do {
      return try unsafe tensor.withUnsafeBytes { bytes in
        unsafe String(bytes.reduce(5381) { $0 &* 33 &+ Int($1) })
      }
    } catch {
      return reason(error)
    }
  }

  private func reason(_ error: any Error) -> String {
    guard let error = error as? CheckpointError else { return "\(error)" }
    return "\(error.code.rawValue) \(error.message) \(error.entry ?? "") \(error.offset ?? -1)"
  }
}
