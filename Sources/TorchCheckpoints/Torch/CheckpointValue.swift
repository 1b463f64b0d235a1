public import StateDicts

/// A value in a checkpoint: a number, string, container or tensor, or the record of an object.
///
///     checkpoint.value?["epoch"]?.intValue             // 90
///     checkpoint.value?["args"]?.kind                  // .object(class: "argparse.Namespace", …)
///
///     struct Options: Decodable { let lr: Double }
///     let options = try checkpoint.value?["args"]?.decode(Options.self)
///
/// It is a cursor into the pickle of the file, so shared values and cycles are expanded only as you visit them.
public struct CheckpointValue: Sendable {
  /// The kinds of values.
  public enum Kind: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits, in decimal.
    case bigInteger(String)
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list([CheckpointValue])
    case tuple([CheckpointValue])
    case set([CheckpointValue])
    /// A dict, an `OrderedDict` or another object with items, in order.
    case mapping([(key: CheckpointValue, value: CheckpointValue)])
    case tensor(Tensor)
    /// A class or function, by module and name.
    case global(String)
    /// An object that Python would make by calling `class`; nothing was called.
    case object(class: String, parts: [CheckpointValue])
    /// A storage that is not part of a tensor.
    case storage(Storage)
  }

  let values: TorchValues
  let id: Pickle.ID

  /// The value by its kind.
  ///
  /// - Throws: `malformedTensor`.
  public var kind: Kind {
    get throws(CheckpointError) {
      if let tensor = try values.tensor(at: id) { return .tensor(tensor) }
      if let array = try values.array(at: id) { return values.isNumpyScalar(id) ? Self.number(array) : .tensor(array) }
      if let entries = values.mapping(at: id) {
        return .mapping(entries.map { (at($0.key), at($0.value)) })
      }
      let pickle = values.pickle
      switch pickle[id] {
      case .none: return .none
      case .bool(let value): return .bool(value)
      case .integer(let value): return .integer(value)
      case .bigInteger(let slice): return .bigInteger(pickle.decimalText(pickle.bytes(slice)))
      case .float(let value): return .float(value)
      case .text(let slice): return .string(pickle.text(slice))
      case .byteText(let slice): return .string(pickle.byteText(slice))
      case .bytes(let slice), .bytearray(let slice): return .bytes(pickle.bytes(slice))
      case .list: return .list((pickle.sequence(at: id) ?? []).map(at))
      case .tuple: return .tuple((pickle.sequence(at: id) ?? []).map(at))
      case .set, .frozenset: return .set((pickle.sequence(at: id) ?? []).map(at))
      case .dict: return .mapping([])
      case .global: return .global(className(id))
      case .persistent(let number):
        switch values.storages[number] {
        case .storage(let reference): return .storage(reference.storage)
        case .sourcedClass: return .global(className(id))
        case .tensor(let tensor): return .tensor(tensor)
        }
      case .object(let index):
        if let reference = values.storageReference(at: id) { return .storage(reference.storage) }
        let object = pickle.objects[index]
        if let bytes = pickle.encodedBytes(object) { return .bytes(bytes) }
        if let items = values.items(ofTuple: id) { return .tuple(items.map(at)) }
        let parts = [object.arguments] + [object.keywords, object.state].compactMap { $0 }
        return .object(class: className(object.callable), parts: parts.map(at))
      }
    }
  }

  /// A numpy scalar as the number that it is.
  private static func number(_ array: Tensor) -> Kind {
    if array.elementType == .bool, let value = try? [Int](array).first { return .bool(value != 0) }
    if let value = try? [Int](array).first { return .integer(value) }
    if let value = try? [Double](array).first { return .float(value) }
    return .tensor(array)
  }

  /// The value of a string key in a mapping, or of an attribute of an object.
  public subscript(name: String) -> CheckpointValue? {
    if let value = values.value(name, in: id) { return at(value) }
    return values.attribute(name, of: id).map(at)
  }

  func at(_ id: Pickle.ID) -> CheckpointValue { CheckpointValue(values: values, id: id) }

  private func className(_ id: Pickle.ID) -> String {
    values.globalName(at: id) ?? "object"
  }
}
