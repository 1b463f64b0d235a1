import Foundation
import ModelParameters
import StateDicts
import VisionInference

extension Harness {
  func checkJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    let again = try? JSONValue(parsing: value.text)
    if again != value { contradiction("JSON changes when it is written and read: \(value.text)") }
    _ = try? value.decode([String: [Int]].self)
  }

  /// Reads a registry, and matches it with tensors of its own names behind a prefix.
  func checkRegistry(_ bytes: [UInt8]) {
    _ = try? JSONDecoder().decode(ParameterRegistry.self, from: Data(bytes))
    guard let value = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self)),
      let registry = try? value.decode(ParameterRegistry.self)
    else { return }
    let names = registry.specs.prefix(100).map(\.name)
    guard let tensor = try? Tensor([Float(1), 2], shape: [2]),
      let stateDict = try? StateDict(names.map { (name: "module." + $0, tensor: tensor) })
    else { return }
    let match = registry.match(stateDict)
    _ = match.text()
    _ = match.torchMessage
    _ = match.fix
    guard let encoded = try? JSONEncoder().encode(registry) else { return }
    if (try? JSONDecoder().decode(ParameterRegistry.self, from: encoded)) != registry {
      contradiction("A registry changes when it is written and read.")
    }
  }

  /// Reads a map of steps and one of names, applies both, and undoes the first.
  func checkMap(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n").prefix(32).map(String.init)
    if let names = try? KeyMap(lines) { for name in lines { _ = names.apply(to: name) } }
    guard let map = try? TensorMap(parsing: text) else { return }
    if (try? TensorMap(parsing: map.text)) != map { contradiction("A map changes when it is written: \(map.text)") }
    guard let stateDict = try? Self.example(), let conversion = try? stateDict.converted(by: map) else { return }
    for tensor in conversion.stateDict.tensors where tensor.elementCount < 1 << 16 { _ = try? [Double](tensor) }
    guard let inverse = try? conversion.inverse(), let back = try? conversion.stateDict.converted(by: inverse) else {
      return
    }
    for (name, tensor) in back.stateDict where (try? stateDict[name]?.contiguous().geometry) != nil {
      guard stateDict[name]?.elementType == tensor.elementType else { continue }
      let same = (try? [Double](tensor)) == (try? stateDict[name].map { try [Double]($0) })
      if !same { contradiction("A map and its inverse change \(name): \(map.text)") }
    }
  }

  private static func example() throws -> StateDict {
    var elements: [(name: String, tensor: Tensor)] = []
    for (name, shape) in [
      ("head.weight", [4, 6]), ("head.bias", [4]), ("layers.0.weight", [2, 3]), ("layers.1.weight", [2, 3]),
      ("conv.weight", [2, 3, 1, 2]), ("scale", []),
    ] {
      let count = shape.reduce(1, *)
      elements.append((name, try Tensor((0..<count).map { Float($0) - 1.5 }, shape: shape)))
    }
    return try StateDict(elements)
  }

  /// Decodes an image, unless its head declares more than four million pixels, for which memory is taken.
  func decode(_ bytes: [UInt8]) {
    func number(_ place: Int, _ count: Int) -> Int {
      min(bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }, 1 << 24)
    }
    var sizes: [Int] = []
    if bytes.count >= 24, bytes[0] == 0x89 { sizes.append(number(16, 4) * number(20, 4)) }
    if bytes.first == 0xFF, bytes.count > 9 {
      for place in 0..<bytes.count - 9 where bytes[place] == 0xFF && (0xC0...0xCF).contains(bytes[place + 1]) {
        sizes.append(number(place + 5, 2) * number(place + 7, 2))
      }
    }
    guard sizes.allSatisfy({ $0 <= 4 << 20 }) else { return }
    guard let image = try? Image(decoding: bytes) else { return }
    guard image.size.width * image.size.height <= 1 << 14, let png = try? image.pngBytes() else { return }
    if (try? Image(decoding: png)) != image { contradiction("An image changes when it is written as PNG.") }
  }
}
