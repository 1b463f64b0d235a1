import Foundation
import ModelParameters

/// What torchvision says of a model: a file of TestData/fixtures/registries, which recipes/registries.py writes.
struct TorchvisionRegistry: Decodable {
  /// The tensors, the name written as what it does not share with the name before it.
  private let tensors: [Row]
  /// For 0 to 5 trainable layers, which parameters are frozen.
  private let frozen: [[Int]]?

  init(_ name: String) throws {
    self = try fixture("registries/\(name).json")
  }

  /// Name, shape and role of each tensor, in the order of `state_dict()`.
  var specs: [Line] {
    var last = ""
    return tensors.map { row in
      last = last.prefix(row.shared) + row.rest
      return Line(name: last, shape: row.shape, role: row.role == "p" ? .parameter : .buffer)
    }
  }

  /// The names that are frozen with so many trainable layers, in the order of `named_parameters()`.
  func frozenNames(trainableLayers: Int) -> [String] {
    let parameters = specs.filter { $0.role == .parameter }.map(\.name)
    return frozen?[trainableLayers].map { parameters[$0] } ?? []
  }

  struct Line: Equatable, CustomStringConvertible {
    let name: String
    let shape: [Int]
    let role: ParameterRole
    var description: String { "\(name) \(shape) \(role)" }
  }

  private struct Row: Decodable {
    let shared: Int
    let rest: String
    let shape: [Int]
    let role: String

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      shared = try list.decode(Int.self)
      rest = try list.decode(String.self)
      shape = try list.decode([Int].self)
      role = try list.decode(String.self)
    }
  }
}

extension ParameterRegistry {
  /// The same lines of a registry of ours.
  var lines: [TorchvisionRegistry.Line] { held.map { .init(name: $0.name, shape: $0.shape, role: $0.role) } }
}

/// A JSON file of TestData/fixtures.
func fixture<Value: Decodable>(_ path: String) throws -> Value {
  try JSONDecoder().decode(Value.self, from: Data(contentsOf: Repository.fixture(path)))
}
