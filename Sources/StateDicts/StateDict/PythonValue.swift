/// A value of Python as a checkpoint holds it beside its tensors: what a pickle says, what JSON keeps of it, and what is
/// pickled again.
///
/// JSON has fewer kinds of values. docs/formats/swt.md lists the tags that stand for the others.
package indirect enum PythonValue: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package let key: PythonValue
    package let value: PythonValue

    package init(_ key: PythonValue, _ value: PythonValue) {
      self.key = key
      self.value = value
    }
  }

  case none
  case bool(Bool)
  case integer(Int)
  /// A number of more than 64 bits, in decimal.
  case bigInteger(String)
  case float(Double)
  case complex(Double, Double)
  case text(String)
  case bytes([UInt8])
  case bytearray([UInt8])
  case list([PythonValue])
  case tuple([PythonValue])
  case set([PythonValue])
  case frozenset([PythonValue])
  case dict([Entry])
  /// - attributes: what was set on the object, such as `_metadata`.
  case orderedDict([Entry], attributes: [Entry])
  case counter([Entry])
  /// An object of another class that is filled by keys.
  case instance(class: String, [Entry])
  /// `torch.float32`, by its name without the module.
  case dtype(String)
  case size([PythonValue])
  /// `torch.device`, as torch prints it: `cuda:0`.
  case device(String)
  /// A tensor of the state dict, by its name.
  case tensor(String)
  /// What is described, and cannot be made again: an object of an unknown class, a function.
  case record(JSONValue)
  /// Where the state dict stands, with what else is among its tensors. JSON has no word for it: `StateDictPlace` says it.
  case stateDict([Entry])

  /// The entries of a mapping; nil for anything else.
  var entries: [Entry]? {
    switch self {
    case .dict(let entries), .orderedDict(let entries, _), .counter(let entries), .instance(_, let entries): entries
    default: nil
    }
  }
}

/// Where in a checkpoint's value the state dict stands: `["state_dict"]` in `{"state_dict": …, "epoch": 7}`.
package struct StateDictPlace: Sendable, Equatable {
  /// One step from a container to a value in it.
  package struct Step: Sendable, Equatable {
    /// The key, or the number of the item.
    package let key: PythonValue
    /// How many of the container's values come before it.
    package let position: Int

    package init(_ key: PythonValue, position: Int) {
      self.key = key
      self.position = position
    }
  }

  package var steps: [Step]

  package init(_ steps: [Step] = []) {
    self.steps = steps
  }

  /// As a `.swt` file keeps it: `[["state_dict", 0]]`.
  var json: JSONValue {
    .array(steps.map { .array([$0.key.json, .integer($0.position)]) })
  }

  init?(_ json: JSONValue) {
    guard case .array(let items) = json, items.count <= PythonValue.depthLimit else { return nil }
    steps = []
    for item in items {
      guard case .array(let parts) = item, parts.count == 2, case .integer(let position) = parts[1] else { return nil }
      steps.append(Step(PythonValue(parts[0]), position: position))
    }
  }
}
