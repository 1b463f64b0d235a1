import StateDicts

extension FormerName: Codable {
  private enum Key: String, CodingKey {
    case name
    case before
  }

  /// Decodes a string, or an object with the version that renamed the tensor.
  public init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: Key.self) {
      self.init(
        try object.decode(String.self, forKey: .name),
        before: try object.decodeIfPresent(LayoutVersion.self, forKey: .before))
    } else {
      self.init(try decoder.singleValueContainer().decode(String.self))
    }
  }

  /// Encodes a string if the name is valid in every version, otherwise an object.
  public func encode(to encoder: any Encoder) throws {
    if before == nil {
      var container = encoder.singleValueContainer()
      try container.encode(name)
    } else {
      var object = encoder.container(keyedBy: Key.self)
      try object.encode(name, forKey: .name)
      try object.encodeIfPresent(before, forKey: .before)
    }
  }
}

extension ParameterSpec: Codable {
  enum Key: String, CodingKey {
    case name, shape, dtype, role, trainable, convolution, formerly, since, ignored
  }

  /// Decodes a specification.
  ///
  /// Only `name` and `shape` are required. Without `dtype` any dtype matches; without `role` the tensor is a parameter.
  public init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: Key.self)
    self.init(
      try object.decode(String.self, forKey: .name),
      shape: try object.decode([Int].self, forKey: .shape),
      elementType: try object.decodeIfPresent(ElementType.self, forKey: .dtype),
      role: try object.decodeIfPresent(ParameterRole.self, forKey: .role) ?? .parameter,
      isTrainable: try object.decodeIfPresent(Bool.self, forKey: .trainable) ?? true,
      convolution: try object.decodeIfPresent(ConvolutionKind.self, forKey: .convolution),
      formerNames: try object.decodeIfPresent([FormerName].self, forKey: .formerly) ?? [],
      since: try object.decodeIfPresent(LayoutVersion.self, forKey: .since))
  }

  /// Encodes the specification, with torch's name of the dtype.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try encode(to: &object)
  }

  func encode(to object: inout KeyedEncodingContainer<Key>) throws {
    try object.encode(name, forKey: .name)
    try object.encode(shape, forKey: .shape)
    try object.encodeIfPresent(elementType, forKey: .dtype)
    try object.encode(role, forKey: .role)
    try object.encode(isTrainable, forKey: .trainable)
    try object.encodeIfPresent(convolution, forKey: .convolution)
    if !formerNames.isEmpty { try object.encode(formerNames, forKey: .formerly) }
    try object.encodeIfPresent(since, forKey: .since)
  }
}
