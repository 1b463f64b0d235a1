import Foundation
import StateDicts
import TorchCheckpoints

/// The examples of README.md, each in the function that tests it; DocumentTests holds the two against each other.
enum LibraryExamples {
  static func firstScreen(_ url: URL) throws -> [Float]? {
    let weights = try loadStateDict(url: url)
    let weight = weights["conv.weight"]
    let values = try weight.map { try [Float]($0) }
    let array = try weight.map { try MLXArray($0) }
    _ = array
    return values
  }

  static func face(_ weights: StateDict) throws {
    for (name, tensor) in weights {
      print(name, tensor.elementType, tensor.shape, tensor.strides, tensor.byteCount)
    }
    if let tensor = weights["bn.num_batches_tracked"] {
      let values = try [Int](tensor)
      let plain = try tensor.contiguous()
      let span = try plain.bytes
      let first = try unsafe tensor.withUnsafeBytes { unsafe $0.first }
      print(values, span.byteCount, first ?? 0)
    }
  }

  static func wholeValue(_ url: URL) throws -> (rate: Double?, names: [String]) {
    let checkpoint = try Checkpoint(contentsOf: url)
    var rate: Double?
    if case .float(let value)? = try checkpoint.value?["hyper_parameters"]?["lr"]?.kind { rate = value }
    let paths = checkpoint.tensors.map(\.name)
    let weights = try checkpoint.stateDict(key: "state_dict")
    return (rate, paths + weights.names)
  }

  static func options(_ url: URL) throws -> StateDict {
    var limits = CheckpointLimits()
    limits.pickleByteCount = 8 << 20
    return try loadStateDict(url: url, options: CheckpointOptions(mapping: .copy, limits: limits))
  }

  static func memory(_ url: URL) throws -> Checkpoint {
    let bytes = try Data(contentsOf: url)
    return try Checkpoint(bytes)
  }

  static func errors(_ url: URL) -> String? {
    do {
      _ = try loadStateDict(url: url)
    } catch {
      if error.code == .ambiguousStateDict { return error.message }
      return "\(error)"
    }
    return nil
  }

  static func writing(_ weights: StateDict, _ output: URL) throws {
    try weights.write(to: output, options: WriteOptions(overwrites: true, leavesOutUnsupported: true))
  }
}
