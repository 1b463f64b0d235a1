import StateDicts

/// Tensors that are more than a strided view, by the functions of `torch/_utils.py` that rebuild them.
extension TorchValues {
  /// - Parameter state: The attributes of a subclass from `_rebuild_from_type_v2`.
  func rebuildComposed(
    _ meaning: GlobalMeaning, _ arguments: [Pickle.ID], state: Pickle.ID?, depth: Int
  ) throws(CheckpointError) -> Tensor? {
    switch meaning {
    case .rebuildQuantized: try quantized(arguments, depth)
    case .rebuildSparse: try sparse(arguments, depth)
    case .rebuildNested: try nested(arguments, depth)
    case .rebuildJagged: try jagged(arguments, depth)
    case .rebuildMeta: try meta(arguments)
    case .rebuildWrapper: try wrapper(arguments, state: state, depth)
    case .rebuildOnDevice: try onDevice(arguments, depth)
    default: nil
    }
  }

  /// A component that must be there.
  private func component(_ role: String, _ id: Pickle.ID, _ depth: Int) throws(CheckpointError) -> Composition.Component
  {
    guard let tensor = try tensor(at: id, depth: depth + 1) else {
      throw CheckpointError.malformedTensor("The \(role) of a tensor are not a tensor.")
    }
    // Only classes of others wrap tensors of any kind; torch's own kinds are made of plain ones.
    guard tensor.composition == nil else {
      throw CheckpointError.malformedTensor("The \(role) of a tensor are not a plain tensor.")
    }
    return Composition.Component(role, tensor)
  }

  // MARK: - Quantized

  /// Made from `(storage, offset, size, stride, quantizer, requires_grad, hooks)`.
  private func quantized(_ arguments: [Pickle.ID], _ depth: Int) throws(CheckpointError) -> Tensor {
    guard arguments.count >= 5 else {
      throw CheckpointError.malformedTensor("A quantized tensor has \(arguments.count) arguments instead of 5.")
    }
    let integers = try packedTensor(arguments)
    let parts = Array(pickle.sequence(at: arguments[4]) ?? [])
    guard let scheme = parts.first, case .quantizationScheme(let isPerChannel)? = meaning(at: scheme) else {
      throw CheckpointError.malformedTensor("A quantized tensor has an unknown scheme.")
    }
    if isPerChannel {
      guard parts.count >= 4, let axis = pickle.integer(at: parts[3]), integers.shape.indices.contains(axis) else {
        throw CheckpointError.malformedTensor(
          "A tensor that is quantized per channel has no scales, zero points or axis.")
      }
      let scales = try component("scales", parts[1], depth)
      let zeroPoints = try component("zero_points", parts[2], depth)
      guard scales.tensor.shape == [integers.shape[axis]], zeroPoints.tensor.shape == scales.tensor.shape else {
        throw CheckpointError.malformedTensor(
          "The number of scales differs from the number of channels, \(integers.shape[axis]).")
      }
      // The writer says per_channel_affine of both; float zero points are what tells them apart.
      let isFloating = zeroPoints.tensor.elementType.isFloatingPoint
      return integers.composed(
        Composition(
          .quantizedPerChannel, components: [scales, zeroPoints],
          attributes: [
            "scheme": .string(isFloating ? "per_channel_affine_float_qparams" : "per_channel_affine"),
            "axis": .integer(axis),
          ]))
    }
    guard parts.count >= 3, let zeroPoint = pickle.integer(at: parts[2]), let scale = real(at: parts[1]) else {
      throw CheckpointError.malformedTensor("A tensor that is quantized per tensor has no scale or zero point.")
    }
    return integers.composed(
      Composition(
        .quantizedPerTensor,
        attributes: [
          "scheme": .string("per_tensor_affine"), "scale": .number(scale), "zero_point": .integer(zeroPoint),
        ]))
  }

  private func real(at id: Pickle.ID) -> Double? {
    if case .float(let value) = pickle[id] { value } else { pickle.integer(at: id).map(Double.init) }
  }

  /// The integers of a quantized tensor.
  ///
  /// Where several share a byte they must lie in C order from a byte's start, since torch has no other views of them; a
  /// storage counts bytes, a shape integers.
  private func packedTensor(_ arguments: [Pickle.ID]) throws(CheckpointError) -> Tensor {
    guard let reference = storageReference(at: arguments[0]) else {
      throw CheckpointError.malformedTensor("The storage of a quantized tensor is not a storage.")
    }
    guard let offset = pickle.integer(at: arguments[1]), let shape = integers(at: arguments[2]),
      let strides = integers(at: arguments[3])
    else { throw CheckpointError.malformedTensor("The sizes, strides or offset of a tensor are not 64-bit integers.") }
    let packing = reference.elementType.elementsPerByte
    guard let elements = reference.byteCount.times(packing) else {
      throw CheckpointError.impossibleSize("The storage of a quantized tensor")
    }
    let geometry =
      packing == 1
      ? try reference.geometry(shape: shape, strides: strides, offset: offset, of: reference.elementType)
      : try TensorGeometry(
        shape: shape, strides: strides, offset: offset, elementByteCount: 1, storageByteCount: elements)
    guard packing == 1 || (geometry.isContiguous && offset % packing == 0) else {
      throw CheckpointError.malformedTensor(
        "A view of packed \(reference.elementType) integers is not contiguous.")
    }
    return Tensor(
      elementType: reference.elementType, geometry: geometry, storage: reference.storage,
      requiresGrad: arguments.count > 5 ? pickle.bool(at: arguments[5]) ?? false : false)
  }

  // MARK: - Sparse

  /// Made from `(layout, (indices, values, size[, is_coalesced]))` or `(layout, (compressed, plain, values, size))`.
  private func sparse(_ arguments: [Pickle.ID], _ depth: Int) throws(CheckpointError) -> Tensor {
    guard arguments.count >= 2, let layout = layoutName(at: arguments[0]),
      let kind = Composition.Kind(rawValue: layout), let data = pickle.sequence(at: arguments[1])
    else { throw CheckpointError.malformedTensor("A sparse tensor has an unknown layout.") }
    let parts = Array(data)
    let roles: [String]
    switch kind {
    case .sparseCOO: roles = ["indices", "values"]
    case .sparseCSR, .sparseBSR: roles = ["crow_indices", "col_indices", "values"]
    case .sparseCSC, .sparseBSC: roles = ["ccol_indices", "row_indices", "values"]
    default: throw CheckpointError.malformedTensor("A sparse tensor has the layout \(layout).")
    }
    guard parts.count > roles.count, let shape = integers(at: parts[roles.count]) else {
      throw CheckpointError.malformedTensor("A \(layout) tensor needs \(roles.joined(separator: ", ")) and a size.")
    }
    var components: [Composition.Component] = []
    for (role, part) in zip(roles, parts) { try components.append(component(role, part, depth)) }
    var attributes: [String: JSONValue] = [:]
    if kind == .sparseCOO {
      try requireCOO(components[0].tensor, components[1].tensor, shape)
      if parts.count > 3, let flag = pickle.bool(at: parts[3]) { attributes["is_coalesced"] = .bool(flag) }
    } else {
      let (compressed, plain, values) = (components[0].tensor, components[1].tensor, components[2].tensor)
      guard shape.count >= 2, let plainCount = plain.shape.last, compressed.shape.count == plain.shape.count,
        values.shape.count >= plain.shape.count, values.shape[plain.shape.count - 1] == plainCount
      else { throw CheckpointError.malformedTensor("The components of a \(layout) tensor do not match.") }
    }
    let values = components[components.count - 1].tensor
    return try Tensor(
      Composition(kind, components: components, attributes: attributes), elementType: values.elementType,
      geometry: TensorGeometry(stated: shape), origin: values.storage.origin)
  }

  private func requireCOO(_ indices: Tensor, _ values: Tensor, _ shape: [Int]) throws(CheckpointError) {
    guard indices.shape.count == 2, let count = values.shape.first, indices.shape[1] == count,
      indices.shape[0] + values.shape.count - 1 == shape.count,
      Array(values.shape.dropFirst()) == Array(shape.dropFirst(indices.shape[0]))
    else {
      throw CheckpointError.malformedTensor("The indices and values of a sparse_coo tensor do not match its size.")
    }
  }

  /// The name of a layout: a torch global, or the string argument of `_get_layout`.
  private func layoutName(at id: Pickle.ID) -> String? {
    if let object = pickle.object(at: id), meaning(at: object.callable) == .layoutByName,
      let name = arguments(object).first.flatMap(pickle.text)
    {
      return name.split(separator: ".").last.map(String.init)
    }
    return pickle.global(at: id)?.name
  }

  // MARK: - Nested

  /// Made from `(buffer, sizes, strides, storage_offsets)`.
  private func nested(_ arguments: [Pickle.ID], _ depth: Int) throws(CheckpointError) -> Tensor {
    let roles = ["buffer", "sizes", "strides", "storage_offsets"]
    guard arguments.count >= roles.count else {
      throw CheckpointError.malformedTensor("A nested tensor has \(arguments.count) components instead of 4.")
    }
    var components: [Composition.Component] = []
    for (role, part) in zip(roles, arguments) { try components.append(component(role, part, depth)) }
    let buffer = components[0].tensor
    guard let count = components[1].tensor.shape.first, components[1].tensor.shape == components[2].tensor.shape,
      components[3].tensor.shape == [count]
    else {
      throw CheckpointError.malformedTensor("The sizes, strides and offsets of a nested tensor do not match.")
    }
    return try Tensor(
      Composition(.nested, components: components), elementType: buffer.elementType,
      geometry: TensorGeometry(stated: [count]), origin: buffer.storage.origin, requiresGrad: buffer.requiresGrad)
  }

  /// Made from a dict of `values`, `offsets`, `lengths`, `_ragged_idx`, `requires_grad`.
  private func jagged(_ arguments: [Pickle.ID], _ depth: Int) throws(CheckpointError) -> Tensor {
    guard let parts = arguments.first else {
      throw CheckpointError.malformedTensor("A jagged tensor has no components.")
    }
    var components: [Composition.Component] = []
    for role in ["values", "offsets", "lengths"] {
      guard let id = value(role, in: parts) else { continue }
      if role == "lengths", case .none = pickle[id] { continue }
      try components.append(component(role, id, depth))
    }
    guard components.count >= 2, components[1].role == "offsets", let count = components[1].tensor.shape.first else {
      throw CheckpointError.malformedTensor("A jagged tensor has no values or offsets.")
    }
    let axis = value("_ragged_idx", in: parts).flatMap(pickle.integer) ?? 1
    let values = components[0].tensor
    return try Tensor(
      Composition(.jagged, components: components, attributes: ["ragged_axis": .integer(axis)]),
      elementType: values.elementType, geometry: TensorGeometry(stated: [max(count - 1, 0)]),
      origin: values.storage.origin,
      requiresGrad: value("requires_grad", in: parts).flatMap { pickle.bool(at: $0) } ?? false)
  }

  // MARK: - No bytes of their own

  /// Made from `(dtype, size, stride, requires_grad)`.
  private func meta(_ arguments: [Pickle.ID]) throws(CheckpointError) -> Tensor {
    guard arguments.count >= 4, case .elementType(let type)? = meaning(at: arguments[0]),
      let shape = integers(at: arguments[1])
    else { throw CheckpointError.malformedTensor("A meta tensor has no dtype or size.") }
    return try Tensor(
      Composition(.meta), elementType: type,
      geometry: TensorGeometry(stated: shape, strides: integers(at: arguments[2])), origin: .memory,
      requiresGrad: pickle.bool(at: arguments[3]) ?? false)
  }

  /// Made from `(class, dtype, size, stride, storage_offset, layout, device, requires_grad)`.
  private func wrapper(_ arguments: [Pickle.ID], state: Pickle.ID?, _ depth: Int) throws(CheckpointError) -> Tensor {
    guard arguments.count >= 4, case .elementType(let type)? = meaning(at: arguments[1]),
      let shape = integers(at: arguments[2])
    else { throw CheckpointError.malformedTensor("A wrapper subclass has no dtype or size.") }
    var components: [Composition.Component] = []
    var partCount = 0
    let attributes = attributes(in: state)
    for entry in attributes {
      guard let part = try tensor(at: entry.value, depth: depth + 1) else { continue }
      partCount += 1 + (part.composition?.partCount ?? 0)
      guard partCount <= Composition.partLimit else {
        throw CheckpointError(
          .limitExceeded, "A tensor has more than \(Composition.partLimit) components.")
      }
      components.append(Composition.Component(pickle.keyText(entry.key), part))
    }
    let name = globalName(at: arguments[0]) ?? "object"
    let requiresGrad = arguments.count > 7 ? pickle.bool(at: arguments[7]) ?? false : false
    var said: [String: JSONValue] = ["class": .string(name)]
    var rankPart: RankPart?
    if isDTensor(arguments[0]), let local = components.first(where: { $0.role == "_local_tensor" })?.tensor,
      let specification = attributes.first(where: { pickle.text(at: $0.key) == "_spec" })?.value
    {
      let spec = dtensorSpec(at: specification)
      if spec.isWhole(local.shape, of: shape) { return local.requiringGrad(requiresGrad) }
      said["placements"] = .array(spec.placements.map { .string($0.text) })
      rankPart = spec.part(local, of: shape)
    } else if isShardedTensor(arguments[0]),
      let part = try state.flatMap({ id throws(CheckpointError) in
        try shards(id, depth: depth)
      })
    {
      if part.chunks.count == 1, part.chunks[0].tensor.shape == shape {
        return part.chunks[0].tensor.requiringGrad(requiresGrad)
      }
      said["offsets"] = .array(part.chunks.map { .array($0.offsets.map { .integer($0) }) })
      components = part.chunks.enumerated().map { Composition.Component("shard\($0)", $1.tensor) }
      rankPart = part
    }
    return try Tensor(
      Composition(.wrapperSubclass, components: components, attributes: said, part: rankPart), elementType: type,
      geometry: TensorGeometry(stated: shape, strides: integers(at: arguments[3])),
      origin: components.first?.tensor.storage.origin ?? .memory,
      requiresGrad: requiresGrad)
  }

  /// The attributes of a subclass: a dict, or the pair of dicts that classes with `__slots__` have.
  private func attributes(in state: Pickle.ID?) -> [Entry] {
    guard let state else { return [] }
    if let entries = mapping(at: state) { return entries }
    return (pickle.sequence(at: state) ?? []).prefix(2).flatMap { mapping(at: $0) ?? [] }
  }

  /// `(array or tensor, dtype, device, requires_grad)`: the bytes are of a type that numpy has, to be turned into
  /// dtype.
  private func onDevice(_ arguments: [Pickle.ID], _ depth: Int) throws(CheckpointError) -> Tensor {
    guard arguments.count >= 4, case .elementType(let type)? = meaning(at: arguments[1]) else {
      throw CheckpointError.malformedTensor("A device tensor has no dtype.")
    }
    var data = try array(at: arguments[0])
    if data == nil { data = try tensor(at: arguments[0], depth: depth + 1) }
    guard let data else { throw CheckpointError.malformedTensor("A device tensor has no data.") }
    return try data.converted(to: type).requiringGrad(pickle.bool(at: arguments[3]) ?? false)
  }
}
