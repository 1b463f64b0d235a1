import StateDicts

/// `.npy` files, and `.npz`: zip archives of them.
enum NumpyFiles {
  /// One array, which has no name.
  static func open(
    npy store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let header: NpyHeader
    do throws(CheckpointError) {
      header = try NpyHeader(head(of: store, 0..<store.count), void: options.numpyVoidType)
    } catch  where error.code == .unsupported {
      throw CheckpointError(.unsupported, "The file is \(error.message).")
    }
    let origin = StorageOrigin(file: file, checksOnUse: options.checksCRC)
    let rest = store.count - header.byteCount
    let tensor = try array(header, byteCount: rest) { byteCount in
      Storage(
        .region(store, offset: header.byteCount), byteCount: byteCount, byteOrder: header.type.byteOrder, key: "array",
        origin: origin)
    }
    let extra = rest - tensor.byteCount
    var contents = try CheckpointContents(
      .npy, file: file, store: store, tensors: [NamedTensor(name: nil, tensor: tensor)])
    if extra > 0 { contents.notes = ["\(extra) bytes follow the array."] }
    return contents
  }

  /// All arrays of an archive.
  ///
  /// Arrays without numbers are left out, and members that are not arrays are noted.
  static func open(
    npz archive: ZipArchive, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let origin = StorageOrigin(file: file, checksOnUse: options.checksCRC)
    var tensors: [NamedTensor] = []
    var leftOut: [LeftOut] = []
    var notes = archive.notes
    for entry in archive.entries {
      guard entry.name.hasSuffix(".npy") else {
        notes.append("\(entry.name) is not an array.")
        continue
      }
      do throws(CheckpointError) {
        let tensor = try array(entry, in: archive, origin, options)
        tensors.append(NamedTensor(name: String(entry.name.dropLast(4)), tensor: tensor))
      } catch  where error.code == .unsupported {
        leftOut.append(LeftOut(String(entry.name.dropLast(4)), reason: error.message))
      } catch {
        throw error.located(entry: entry.name)
      }
    }
    var contents = try CheckpointContents(
      .npz, file: file, store: archive.store, tensors: tensors, leftOut: leftOut)
    contents.notes = notes
    contents.archive = archive
    return contents
  }

  private static func array(
    _ entry: ZipArchive.Entry, in archive: ZipArchive, _ origin: StorageOrigin, _ options: CheckpointOptions
  ) throws(CheckpointError) -> Tensor {
    let void = options.numpyVoidType
    if let range = entry.range {
      let header = try NpyHeader(head(of: archive.store, range), void: void)
      let width = header.type.elementType.byteCount
      // The entry's checksum is of header and elements together, so the storage is both, where the elements allow it.
      let skipped = header.byteCount % width == 0 ? header.byteCount / width : 0
      return try array(header, skipping: skipped, byteCount: entry.byteCount - header.byteCount) { _ in
        Storage(
          .region(archive.store, offset: skipped > 0 ? range.lowerBound : range.lowerBound + header.byteCount),
          byteCount: skipped > 0 ? entry.byteCount : entry.byteCount - header.byteCount,
          byteOrder: header.type.byteOrder, key: entry.name, checksum: skipped > 0 ? entry.checksum : nil,
          origin: origin)
      }
    }
    let header = try NpyHeader(archive.head(of: entry, count: NpyHeader.limit), void: void)
    guard entry.isStored || entry.byteCount <= options.limits.inflatedStorageByteCount else {
      throw CheckpointError.overLimit("A deflated array has \(entry.byteCount) bytes.")
    }
    return try array(header, byteCount: entry.byteCount - header.byteCount) { byteCount in
      Storage(
        .lazy(StreamedEntry(archive: archive, entry: entry, skipped: header.byteCount)), byteCount: byteCount,
        byteOrder: header.type.byteOrder, key: entry.name, origin: origin)
    }
  }

  /// A tensor over `byteCount` bytes of elements; the storage is asked for with as many as they take, or more.
  private static func array(
    _ header: NpyHeader, skipping skipped: Int = 0, byteCount: Int, _ storage: (Int) -> Storage
  ) throws(CheckpointError) -> Tensor {
    let type = header.type.elementType
    let start = skipped * type.byteCount
    let geometry: TensorGeometry
    do throws(CheckpointError) {
      geometry = try TensorGeometry(
        numpy: header.shape, isFortran: header.isFortran, offset: skipped, of: type, byteCount: start + byteCount)
    } catch {
      guard header.shape.allSatisfy({ $0 >= 0 }) else { throw error }
      throw CheckpointError.truncated(
        "An array of shape \(header.shape) and type \(type) has only \(byteCount) bytes.",
        offset: header.byteCount)
    }
    return Tensor(
      elementType: type, geometry: geometry, storage: storage(start + geometry.elementCount * type.byteCount))
  }

  private static func head(of store: ByteStore, _ range: Range<Int>) -> [UInt8] {
    store.array(range.prefix(NpyHeader.limit + 12))
  }
}
