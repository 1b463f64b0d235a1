extension Pickle {
  /// What the global that an object's call names means; nil for a call of anything else.
  func meaning(of object: Object, _ meanings: [GlobalMeaning]) -> GlobalMeaning? {
    if case .global(let index) = self[object.callable] { meanings[index] } else { nil }
  }

  /// Whether a node is bytes: as they are, or the call of `_codecs.encode` that protocol 2 has for them.
  func isBytes(_ id: ID, _ meanings: [GlobalMeaning]) -> Bool {
    switch self[id] {
    case .bytes, .bytearray, .byteText: return true
    case .object(let index):
      guard meaning(of: objects[index], meanings) == .codecsEncode,
        let text = sequence(at: objects[index].arguments)?.first, case .text = self[text]
      else { return false }
      return true
    default: return false
    }
  }

  /// Whether a function is only called with bytes in the pickle.
  ///
  /// Handed on as a value, or called with what another call makes, `_load_from_bytes` opens who knows what.
  func isGivenBytes(_ number: Int, _ meanings: [GlobalMeaning]) -> Bool {
    func isFunction(_ id: ID) -> Bool {
      if case .global(let index) = self[id] { index == number } else { false }
    }
    let isHandedOn =
      isFunction(root) || items.contains(where: isFunction) || sequences.contains { $0.contains(where: isFunction) }
      || objects.contains { $0.state.map(isFunction) ?? false } || persistentIDs.contains(where: isFunction)
    return !isHandedOn
      && objects.allSatisfy { object in
        !isFunction(object.callable) || sequence(at: object.arguments)?.first.map { isBytes($0, meanings) } ?? false
      }
  }
}
