/// A registry as a list of rows, one a tensor of the state dict:
///
///     [{"name": "bn1.weight", "shape": [64], "dtype": "float32", "role": "buffer", "trainable": false}, …
///      {"name": "bn1.running_var", …, "ignored": ["bn1.num_batches_tracked"]}]
///
/// So the rows are torch's `state_dict()`, and the names that are only accepted stand with the row before them.
extension ParameterRegistry: Codable {
  /// Decodes an array of rows, which need only `name` and `shape`, or an object from names to shapes.
  ///
  /// JSON readers lose the order of an object, so its names are sorted.
  public init(from decoder: any Decoder) throws {
    if let shapes = try? decoder.singleValueContainer().decode([String: [Int]].self) {
      try self.init(
        shapes.sorted { $0.key < $1.key }.map { ParameterSpec($0.key, shape: $0.value, elementType: nil) })
    } else {
      try self.init([Row](from: decoder).flatMap { row in [row.spec] + row.ignored.map(ParameterSpec.init(ignored:)) })
    }
  }

  /// Encodes an array of rows.
  public func encode(to encoder: any Encoder) throws {
    try rows(of: specs).encode(to: encoder)
  }

  /// Specifications as rows.
  private func rows(of specs: [ParameterSpec]) -> [Row] {
    var rows: [Row] = []
    for spec in specs {
      if spec.role == .ignored, !rows.isEmpty {
        rows[rows.count - 1].ignored.append(spec.name)
      } else {
        rows.append(Row(spec: spec))
      }
    }
    return rows
  }
}

private struct Row: Codable {
  let spec: ParameterSpec
  var ignored: [String] = []

  init(spec: ParameterSpec) {
    self.spec = spec
  }

  init(from decoder: any Decoder) throws {
    spec = try ParameterSpec(from: decoder)
    ignored =
      try decoder.container(keyedBy: ParameterSpec.Key.self).decodeIfPresent([String].self, forKey: .ignored) ?? []
  }

  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: ParameterSpec.Key.self)
    try spec.encode(to: &object)
    if !ignored.isEmpty { try object.encode(ignored, forKey: .ignored) }
  }
}

extension ParameterSpec {
  fileprivate init(ignored name: String) {
    self.init(name, shape: [], elementType: nil, role: .ignored)
  }
}
