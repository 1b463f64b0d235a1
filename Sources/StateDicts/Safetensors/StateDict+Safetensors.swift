extension StateDict {
  /// The `__metadata__` of a safetensors file.
  ///
  /// - Throws: `malformedHeader`, `truncated`.
  package static func safetensorsMetadata(_ store: ByteStore) throws(CheckpointError) -> [String: String] {
    try Dictionary(SafetensorsHeader(store).metadata, uniquingKeysWith: { first, _ in first })
  }

  /// A safetensors or `.swt` file's tensors, under the names of dropped aliases too.
  ///
  /// - Throws: `malformedHeader`, `truncated`, `malformedTensor`, `unsupported`, `limitExceeded`.
  package init(
    safetensors store: ByteStore, file: String, checksOnUse: Bool, tensorLimit: Int? = nil
  ) throws(CheckpointError) {
    let header = try SafetensorsHeader(store, tensorLimit: tensorLimit ?? SafetensorsHeader.defaultTensorLimit)
    let metadata = SafetensorsMetadata(header.metadata)
    let origin = StorageOrigin(file: file, checksOnUse: checksOnUse)
    var elements: [Element] = []
    elements.reserveCapacity(header.rows.count)
    let checksums = metadata.checksums(count: header.rows.count)
    let requiringGrad = try metadata.requiresGrad
    var leftOut: [LeftOut] = []
    for (index, row) in header.rows.enumerated() {
      guard let elementType = row.elementType else {
        leftOut.append(LeftOut(row.name, reason: "torch has no dtype for \(row.typeName)"))
        continue
      }
      let storage = Storage(
        .region(store, offset: header.dataOffset + row.extent.lowerBound), byteCount: row.extent.count, key: row.name,
        checksum: checksums?[index], origin: origin)
      do throws(CheckpointError) {
        let geometry = try TensorGeometry(
          shape: row.shape, strides: TensorGeometry.contiguousStrides(row.shape), offset: 0,
          elementByteCount: elementType.byteCount, storageByteCount: row.extent.count)
        let tensor = Tensor(
          elementType: elementType, geometry: geometry, storage: storage,
          requiresGrad: requiringGrad.contains(ExactName(row.name)))
        guard tensor.byteCount == row.extent.count else {
          throw CheckpointError.malformedTensor(
            "The shape \(row.shape) needs \(tensor.byteCount) bytes, but the offsets span \(row.extent.count)."
          )
        }
        elements.append((row.name, tensor))
      } catch {
        throw error.located(entry: row.name)
      }
    }
    try self.init(metadata.addingAliases(to: elements))
    self.metadata.modules = try metadata.members("swt.state_dict_metadata")
    self.metadata.otherValues = try metadata.members("swt.other_values")
    self.metadata.place = try metadata.value("swt.place").flatMap(StateDictPlace.init)
    self.metadata.annotations = metadata.annotations
    self.metadata.compositions = try metadata.members("swt.composition")
    var marks: JSONObject = [:]
    marks["format"] = metadata["format"].map(JSONValue.string)
    marks["source"] = try metadata.value("swt.source")
    self.metadata.leftOut = leftOut
    self.metadata.leftOutBefore = try metadata.leftOut
    self.metadata.source = Provenance(
      name: file.split(separator: "/").last.map(String.init) ?? file, byteCount: store.count,
      format: metadata.isSwt ? .swt : .safetensors, marks: marks)
  }
}
