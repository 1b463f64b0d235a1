import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Every fixture through every format that is written, and read back.
@Suite("Every fixture through every output format")
struct EveryFormatTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let rows = ExpectedRow.all.filter { $0.refused == nil }
  private static let options = WriteOptions(leavesOutUnsupported: true)

  /// Nil where a user would have to say which part is meant.
  private func stateDict(_ row: ExpectedRow) throws -> StateDict? {
    do {
      return try Checkpoint(path: row.path).stateDict()
    } catch  where [.ambiguousStateDict, .nameCollision, .noStateDict].contains(error.code) {
      return nil
    }
  }

  /// What differs between the tensors that were written and those that are read.
  private func differences(
    _ stateDict: StateDict, _ report: WriteReport, _ read: StateDict, keepsStrides: Bool = false
  ) throws -> [String] {
    var found: [String] = []
    let names = report.written + report.aliases.map(\.name)
    if Set(read.names) != Set(names) { found.append("names \(read.names) for \(names)") }
    for name in names {
      guard let tensor = stateDict[name], let other = read[name] else { continue }
      if tensor.elementType != other.elementType || tensor.shape != other.shape { found.append("\(name): \(other)") }
      if keepsStrides, tensor.storage.byteOrder == .little, tensor.elementCount > 0, tensor.strides != other.strides {
        found.append("\(name): strides \(other.strides) for \(tensor.strides)")
      }
      for (role, part) in parts(tensor) {
        guard let otherPart = parts(other).first(where: { $0.role == role })?.tensor else {
          found.append("\(name): no \(role)")
          continue
        }
        if try bytes(part) != bytes(otherPart) { found.append("\(name): other bytes in \(role)") }
      }
    }
    return found
  }

  /// The tensor itself, if it has elements, and its components.
  private func parts(_ tensor: Tensor) -> [(role: String, tensor: Tensor)] {
    guard let composition = tensor.composition else { return [("", tensor)] }
    var parts: [(role: String, tensor: Tensor)] = []
    if composition.hasElements { parts.append(("", tensor)) }
    for component in composition.components { parts.append((component.role, component.tensor)) }
    return parts
  }

  private func bytes(_ tensor: Tensor) throws -> [UInt8] { try unsafe tensor.withUnsafeBytes { unsafe Array($0) } }

  @Test("to .pth: tensors, strides, ties, gradients, versions and other values come back", arguments: rows)
  func torch(_ row: ExpectedRow) throws {
    guard let stateDict = try stateDict(row) else { return }
    let path = folder.path("m.pth")
    let report = try stateDict.write(toPath: path, options: Self.options)
    if report.written.isEmpty { return }
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.format == .zip && checkpoint.leftOut.isEmpty)
    let isDangerous = checkpoint.globals.contains { $0.verdict == .dangerous }
    #expect(!isDangerous)
    #expect(try checkpoint.verify().damaged.isEmpty)
    let read = try checkpoint.stateDict(written: stateDict)
    let found = try differences(stateDict, report, read, keepsStrides: true)
    #expect(found.isEmpty, "\(found)")
    let kept = Set<String>(report.written)
    let expected: StateDict = stateDict.filter { kept.contains($0.name) }
    #expect(read.ties == expected.ties)
    for (name, tensor) in read where tensor.elementType.isFloatingPoint && tensor.composition == nil {
      #expect(tensor.requiresGrad == stateDict[name]?.requiresGrad, "\(name)")
    }
    #expect(read.metadata.modules == stateDict.metadata.modules)
    if report.notKept.isEmpty, report.leftOut.isEmpty {
      #expect(read.metadata.otherValues == stateDict.metadata.otherValues)
    }
  }

  @Test("to .pth by way of .swt: the same pickle", arguments: rows)
  func torchByWayOfSwt(_ row: ExpectedRow) throws {
    guard let stateDict = try stateDict(row) else { return }
    let first = try stateDict.write(toPath: folder.path("m.swt"), options: Self.options)
    let swt = try Checkpoint(path: folder.path("m.swt")).stateDict()
    #expect(swt.metadata.otherValues == stateDict.metadata.otherValues)
    let report = try swt.write(toPath: folder.path("m.pth"), options: Self.options)
    if report.written.isEmpty { return }
    #expect(Set(report.written) == Set(first.written + first.aliases.map(\.name)))
    let checkpoint = try Checkpoint(path: folder.path("m.pth"))
    let read = try checkpoint.stateDict(written: stateDict)
    #expect(Set(read.names) == Set(report.written))
    if stateDict.metadata.place != nil { #expect(read.names == report.written) }
    let found = try differences(stateDict, report, read)
    #expect(found.isEmpty, "\(found)")
    #expect(read.metadata.modules == stateDict.metadata.modules)
    if report.notKept.isEmpty, report.leftOut.isEmpty {
      #expect(read.metadata.otherValues == stateDict.metadata.otherValues)
    }
  }

  /// Nil if two tensors have the same path, or there are no tensors.
  private func all(of checkpoint: Checkpoint) throws -> StateDict? {
    do {
      return try checkpoint.everything()
    } catch  where [.nameCollision, .noStateDict].contains(error.code) {
      return nil
    }
  }

  @Test("to .pth with everything: each tensor of the file is under its path", arguments: rows)
  func everything(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    guard checkpoint.value != nil, let stateDict = try all(of: checkpoint) else { return }
    let report = try stateDict.write(toPath: folder.path("m.pth"), options: Self.options)
    if report.written.isEmpty { return }
    let read = try Checkpoint(path: folder.path("m.pth")).everything()
    let found = try differences(stateDict, report, read, keepsStrides: true)
    #expect(found.isEmpty, "\(found)")
    let listed: [NamedTensor] = checkpoint.tensors.filter { !$0.isNumber }
    let accounted: Int = report.written.count + report.leftOut.count
    #expect(accounted >= listed.count)
  }

  @Test("to .swt, .npz and shards: every tensor that the format can say", arguments: rows)
  func others(_ row: ExpectedRow) throws {
    guard let stateDict = try stateDict(row) else { return }
    for name in ["m.swt", "m.safetensors", "m.npz"] {
      let report = try stateDict.write(toPath: folder.path(name), options: Self.options)
      if report.written.isEmpty { continue }
      let read = try Checkpoint(path: folder.path(name)).stateDict()
      let found = try differences(stateDict, report, read)
      #expect(found.isEmpty, "\(name): \(found)")
      #expect(try Checkpoint(path: folder.path(name)).verify().damaged.isEmpty)
    }
    var options = Self.options
    options.maxShardByteCount = 64
    let report = try stateDict.write(toPath: folder.path("shards"), options: options)
    let read = try Checkpoint(path: folder.path("shards")).stateDict()
    let found = try differences(stateDict, report, read)
    #expect(found.isEmpty, "shards: \(found)")
  }

  @Test("one tensor to .npy", arguments: rows)
  func oneArray(_ row: ExpectedRow) throws {
    guard let stateDict = try stateDict(row) else { return }
    let usable: StateDict = stateDict.filter { element in
      element.tensor.composition == nil && !element.tensor.elementType.isQuantized
    }
    guard let name = usable.names.first else { return }
    let one: StateDict = usable.filter { $0.name == name }
    do {
      try one.write(toPath: folder.path("m.npy"))
    } catch let error as CheckpointError where error.code == .unsupported {
      return
    }
    let read = try #require(try Checkpoint(path: folder.path("m.npy")).tensors.first).tensor
    let tensor = try #require(stateDict[name])
    #expect(read.elementType == tensor.elementType && read.shape == tensor.shape)
    #expect(try bytes(read) == bytes(tensor))
  }
}

extension Checkpoint {
  /// The state dict of this file, which was written of another.
  fileprivate func stateDict(written stateDict: StateDict) throws -> StateDict {
    let keys = stateDict.metadata.place?.steps.map { step in
      switch step.key {
      case .text(let text): text
      case .integer(let number): String(number)
      default: step.key.json.text
      }
    }
    if let keys { return try self.stateDict(key: keys.isEmpty ? "." : keys.joined(separator: ".")) }
    // Each tensor is at its place, or the values were put beside the state dict without one; or nothing is beside it.
    let others = JSONValue.object(stateDict.metadata.otherValues).text
    let key = others.contains("$tensor") ? stateDict.metadata.source?.key ?? "." : "state_dict"
    return try (try? self.stateDict(key: key)) ?? self.stateDict(key: ".")
  }
}

extension NamedTensor {
  /// Whether it is a single number of numpy, which is kept as a value.
  fileprivate var isNumber: Bool { tensor.shape.isEmpty && tensor.storage.key == "array" }
}
