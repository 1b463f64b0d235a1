extension KeyMap: Codable {
  /// Decodes a list of `"OLD=NEW"`, `{"from": …, "to": …}` or `["OLD", "NEW"]`.
  ///
  /// An object with old names as keys is refused, because JSON readers lose its order, which matters.
  public init(from decoder: any Decoder) throws {
    self.init(try [Renaming](from: decoder))
  }

  /// Encodes a list of `{"from": …, "to": …}`.
  public func encode(to encoder: any Encoder) throws {
    try renamings.encode(to: encoder)
  }
}

extension KeyMap.Renaming: Codable {
  private enum Key: String, CodingKey {
    case from, to
  }

  /// Decodes `"OLD=NEW"`, `{"from": …, "to": …}` or `["OLD", "NEW"]`.
  public init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: Key.self) {
      try self.init(
        from: try object.decode(NamePattern.self, forKey: .from), to: try object.decode(NamePattern.self, forKey: .to))
    } else if var list = try? decoder.unkeyedContainer() {
      try self.init(from: try list.decode(NamePattern.self), to: try list.decode(NamePattern.self))
    } else {
      try self.init(try decoder.singleValueContainer().decode(String.self))
    }
  }

  /// Encodes `{"from": …, "to": …}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(from, forKey: .from)
    try object.encode(to, forKey: .to)
  }
}
