import StateDicts

/// The use of a checkpoint's storages by its tensors.
///
/// torch saves the whole storage of a tensor: a slice of a gigabyte keeps the gigabyte. Converting the file leaves out
/// what no tensor uses.
public struct StorageReport: Sendable, Encodable {
  /// A storage that is larger than its tensors need.
  public struct Waste: Sendable, Encodable {
    /// The key of the storage in the file.
    public let key: String
    /// The size in bytes.
    public let byteCount: Int
    /// The number of bytes from the first to the last element of each tensor, counted once.
    public let usedByteCount: Int
    /// The tensors that use the storage.
    public let tensors: [String]

    enum CodingKeys: String, CodingKey {
      case key, tensors
      case byteCount = "kept"
      case usedByteCount = "used"
    }
  }

  /// A record of an archive.
  public struct Record: Sendable, Encodable {
    /// The archive entry.
    public let entry: String
    /// The size in bytes.
    public let byteCount: Int

    enum CodingKeys: String, CodingKey {
      case entry
      case byteCount = "bytes"
    }
  }

  /// The number of storages that tensors use.
  public let count: Int
  /// The total size of these storages in bytes.
  public let byteCount: Int
  /// The number of bytes that tensors use.
  public let usedByteCount: Int
  /// The storages that are larger than needed, the most wasteful first.
  public let wasted: [Waste]
  /// Groups of tensors that overlap without being tied, such as a matrix and one of its rows.
  public let overlaps: [[String]]
  /// Records of the archive that neither a tensor nor the format uses: leftovers, or hidden data.
  public let unused: [Record]

  enum CodingKeys: String, CodingKey {
    case count, wasted, overlaps, unused
    case byteCount = "kept"
    case usedByteCount = "used"
  }

  init(of checkpoint: Checkpoint) {
    let tensors = checkpoint.tensors
    unused = checkpoint.unusedRecords
    var places: [ObjectIdentifier: [Int]] = [:]
    var order: [Storage] = []
    for (place, item) in tensors.enumerated() {
      for tensor in item.tensor.storedParts {
        let id = ObjectIdentifier(tensor.storage)
        if places[id] == nil { order.append(tensor.storage) }
        if places[id]?.last != place { places[id, default: []].append(place) }
      }
    }
    var wasted: [Waste] = []
    var overlaps: [[String]] = []
    var (kept, used) = (0, 0)
    for storage in order {
      let places = places[ObjectIdentifier(storage)] ?? []
      let views = places.flatMap { place in
        tensors[place].tensor.storedParts.filter { $0.storage === storage }.map { (place: place, extent: $0.extent) }
      }
      let sorted = views.filter { !$0.extent.isEmpty }.sorted { $0.extent.lowerBound < $1.extent.lowerBound }
      var end = 0
      var bytes = 0
      var group: [(place: Int, extent: Range<Int>)] = []
      func close() {
        if Set(group.map(\.extent)).count > 1 {
          var seen = Set<Int>()
          overlaps.append(group.filter { seen.insert($0.place).inserted }.map { tensors[$0.place].name })
        }
        group = []
      }
      for view in sorted {
        if view.extent.lowerBound >= end { close() }
        bytes += max(view.extent.upperBound - max(view.extent.lowerBound, end), 0)
        end = max(end, view.extent.upperBound)
        group.append(view)
      }
      close()
      kept += storage.byteCount
      used += bytes
      if bytes < storage.byteCount {
        wasted.append(
          Waste(
            key: storage.key, byteCount: storage.byteCount, usedByteCount: bytes,
            tensors: places.map { tensors[$0].name }))
      }
    }
    count = order.count
    byteCount = kept
    usedByteCount = used
    self.wasted = wasted.sorted { $0.byteCount - $0.usedByteCount > $1.byteCount - $1.usedByteCount }
    self.overlaps = overlaps
  }
}

extension Checkpoint {
  fileprivate var unusedRecords: [StorageReport.Record] {
    guard let archive = contents.archive, format != .exported, let root = TorchZip.root(of: archive) else { return [] }
    let used = Set(tensors.flatMap { $0.tensor.storedParts.map(\.storage.entry.lowercasedASCII) })
    return archive.entries.filter { entry in
      entry.byteCount > 0 && !used.contains(entry.name.lowercasedASCII) && !TorchZip.isOwn(entry.name, root: root)
    }.map { StorageReport.Record(entry: $0.name, byteCount: $0.byteCount) }
  }
}

extension Tensor {
  /// The strided tensors that it is made of: itself, or its components.
  fileprivate var storedParts: [Tensor] {
    guard let composition else { return [self] }
    return (composition.hasElements ? [self] : []) + composition.components.flatMap(\.tensor.storedParts)
  }

  /// The bytes from its first to its last element.
  fileprivate var extent: Range<Int> {
    guard elementCount > 0 else { return 0..<0 }
    if elementType.elementsPerByte > 1 { return byteRange }
    let reach = zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 } + 1
    let width = elementType.byteCount
    return geometry.offset * width..<(geometry.offset + reach) * width
  }
}
