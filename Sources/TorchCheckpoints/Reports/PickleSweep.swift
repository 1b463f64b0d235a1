import StateDicts

/// Every pickle that a file holds, wherever some reader could find one, for what it names.
///
/// A checkpoint's reader goes where torch goes. This goes everywhere else too: to a second pickle behind STOP, to all
/// members of an archive, to arrays of objects, to files inside bytes, to what a broken file says before it breaks.
///
///     80 02 7d 2e | 80 02 63 6f 73 …        an empty dict, and behind it a pickle that names os.system
///
/// Where there should be a pickle, all that it names counts, and what is wrong with it. Elsewhere bytes are only taken
/// for one if they end as one, or name what is dangerous: no numbers do that by chance.
struct PickleSweep {
  private let options: CheckpointOptions
  private(set) var uses: [GlobalUse] = []
  /// How many pickles there were.
  private(set) var count = 0
  /// What was wrong first.
  private(set) var error: CheckpointError?
  /// How many bytes may still be inflated.
  private var inflatable: Int
  /// How many bytes may still be read on the guess that a pickle begins there.
  private var guessable: Int
  /// The uses so far, each once: a file may name one global in each of a million pickles.
  private var seen = Set<GlobalUse>()
  /// Whether there were more pickles, or more globals, than a sweep goes through.
  private var isExhausted = false
  private static let pickleLimit = 1 << 18
  private static let globalLimit = 1 << 16

  /// What bytes are that a pickle may be in.
  private enum Place {
    /// A file, or something that is one inside another.
    case file
    /// A member of an archive, or bytes in a pickle: any bytes at all.
    case part
    /// Bytes that should be a pickle.
    case pickle
    /// Pickles with other bytes between them.
    case mixture
  }

  init(_ store: ByteStore, file: String, options: CheckpointOptions) {
    self.options = options
    inflatable = options.limits.inflatedPickleByteCount.times(4) ?? .max
    guessable = store.count.plus(1 << 20) ?? .max
    visit(store, as: .file, name: file, depth: 0)
  }

  private mutating func note(_ error: CheckpointError, _ name: String) {
    self.error = self.error ?? error.located(entry: name)
  }

  private mutating func visit(_ store: ByteStore, as place: Place, name: String, depth: Int) {
    guard depth <= CheckpointLimits.embeddingDepth else {
      note(.nestedTooDeep(), name)
      return
    }
    let head = FileHead(store)
    if head.isZip {
      visitArchive(store, name: name, depth: depth)
    } else if head.isTar {
      visitTar(store, name: name, depth: depth)
    } else if head.isGzip {
      visitGzip(store, name: name, depth: depth)
    } else if head.isArray {
      visitArray(store, head, name: name, depth: depth)
    } else {
      let isPickle = place == .pickle || place == .mixture || head.isPickle && !head.isSafetensors
      let end = visitPickles(store, from: 0, areCertain: isPickle, name: name, depth: depth)
      if place == .mixture || place == .file && isPickle { search(store, from: end, name: name, depth: depth) }
      // Python's zipfile opens what is an archive by its end.
      if place == .file, ZipArchive.hasEndRecord(store) { visitArchive(store, name: name, depth: depth) }
    }
  }

  // MARK: - Pickles

  /// Pickles one after another; returns where the last one ends.
  private mutating func visitPickles(
    _ store: ByteStore, from start: Int, areCertain: Bool, name: String, depth: Int
  ) -> Int {
    var position = start
    while position < store.count, !isExhausted {
      let isCertain = areCertain && position == start
      guard let end = visitPickle(store, at: position, isCertain: isCertain, name: name, depth: depth) else { break }
      position = max(end, position + 1)
    }
    return position
  }

  /// Lists the globals of a pickle and returns its end; nil if the bytes are not a pickle.
  private mutating func visitPickle(
    _ store: ByteStore, at start: Int, isCertain: Bool, name: String, depth: Int
  ) -> Int? {
    guard count < Self.pickleLimit, seen.count < Self.globalLimit else {
      if !isExhausted {
        note(
          CheckpointError.overLimit(
            "The file has more than \(Self.pickleLimit) pickles, or they name more than \(Self.globalLimit) globals.",
            offset: start), name)
      }
      isExhausted = true
      return nil
    }
    let (pickle, error) = PickleMachine.trace(store, start..<store.count, limits: options.limits)
    guessable -= pickle.range.count
    if pickle.globals.isEmpty, error != nil, !isCertain { return nil }
    let names = PickledNames(pickle).uses
    guard isCertain || error == nil || pickle.globals.contains(where: Self.isNamedAndDangerous) else { return nil }
    count += 1
    uses += names.filter { seen.insert($0).inserted }
    if let error { note(error, name) }
    visitBytes(of: pickle, name: name, depth: depth)
    return error == nil ? pickle.range.upperBound : isCertain ? pickle.range.upperBound : nil
  }

  /// Random bytes may contain extension codes and unreadable strings, but no listed name.
  private static func isNamedAndDangerous(_ global: Pickle.Global) -> Bool {
    global.module != Pickle.Global.computed && global.name != Pickle.Global.computed
      && GlobalMeaning(global) == .dangerous
  }

  /// Pickles between other bytes: storages, or concatenated archives.
  private mutating func search(_ store: ByteStore, from start: Int, name: String, depth: Int) {
    var position = start
    while !isExhausted, let place = Self.beginning(in: store, from: position) {
      guard guessable > 0 else {
        note(
          CheckpointError.overLimit(
            "Too many places look like the beginning of a pickle.", offset: place), name)
        return
      }
      position = visitPickle(store, at: place, isCertain: false, name: name, depth: depth) ?? place + 1
    }
  }

  /// The next bytes that every pickle of protocol 2 to 5 begins with.
  private static func beginning(in store: ByteStore, from start: Int) -> Int? {
    for window in ByteStore.windows(of: start..<max(start, store.count - 3)) {
      // In place: a copy for each of the many places that are none would take long.
      let bytes = window.lowerBound..<window.upperBound + 1
      guard (try? store.hold(bytes)) != nil else { return nil }
      defer { store.release(bytes) }
      let place = unsafe store.withUnsafeBytes { bytes in
        window.first { place in unsafe bytes[place] == 0x80 && (2...5).contains(bytes[place + 1]) }
      }
      if let place { return place }
      store.drop(window)
    }
    return nil
  }

  /// Files inside a pickle's bytes, whoever may open them.
  private mutating func visitBytes(of pickle: Pickle, name: String, depth: Int) {
    for node in pickle.nodes {
      guard case .bytes(let slice) = node.asBytes, slice.count >= 4 else { continue }
      let store =
        slice.start >= 0
        ? ByteStore(pickle.store, range: slice.start..<slice.start + Int(slice.count))
        : ByteStore(copying: pickle.bytes(slice))
      visit(store, as: .part, name: name, depth: depth + 1)
    }
    let encoders = Set(pickle.globals.indices.filter { GlobalMeaning(pickle.globals[$0]) == .codecsEncode })
    guard !encoders.isEmpty else { return }
    var seen = Set<Pickle.ID>()
    for object in pickle.objects {
      guard case .global(let number) = pickle[object.callable], encoders.contains(number),
        let text = pickle.sequence(at: object.arguments)?.first, seen.insert(text).inserted,
        let bytes = pickle.encodedBytes(object), bytes.count >= 4
      else { continue }
      visit(ByteStore(copying: bytes), as: .part, name: name, depth: depth + 1)
    }
  }

  // MARK: - Containers

  private mutating func visitArchive(_ store: ByteStore, name: String, depth: Int) {
    // What lies in front belongs to no entry: other archives, as torch.distributed.checkpoint writes them, or anything.
    var end = store.count
    while let start = ZipArchive.start(in: ByteStore(store, range: 0..<end)) {
      do throws(CheckpointError) {
        try visitEntries(of: ZipArchive(ByteStore(store, range: start..<end), file: name), depth: depth)
      } catch {
        note(error, name)
        break
      }
      end = start
    }
    if end > 0 { search(ByteStore(store, range: 0..<end), from: 0, name: name, depth: depth) }
  }

  private mutating func visitEntries(of archive: ZipArchive, depth: Int) {
    for entry in archive.entries where entry.byteCount > 0 {
      do throws(CheckpointError) {
        try visitEntry(entry, of: archive, depth: depth)
      } catch {
        note(error, entry.name)
      }
    }
  }

  private mutating func visitEntry(
    _ entry: ZipArchive.Entry, of archive: ZipArchive, depth: Int
  ) throws(CheckpointError) {
    let isPickle = entry.name.hasSuffix(".pkl")
    if let range = entry.range {
      let part = ByteStore(archive.store, range: range)
      visit(part, as: isPickle ? .pickle : .part, name: entry.name, depth: depth + 1)
      return
    }
    guard isPickle || entry.isReadable else { return }
    let head = try archive.head(of: entry, count: 4096)
    guard isPickle || Self.isPromising(head, options.limits) else { return }
    guard entry.byteCount <= inflatable else {
      throw CheckpointError.overLimit(
        "The entry may be a pickle, but its \(entry.byteCount) bytes are too many to unpack.")
    }
    inflatable -= entry.byteCount
    try visit(archive.read(entry), as: isPickle ? .pickle : .part, name: entry.name, depth: depth + 1)
  }

  private mutating func visitTar(_ store: ByteStore, name: String, depth: Int) {
    do throws(CheckpointError) {
      for member in try TarArchive(store).members {
        let bare = member.name.split(separator: "/").last ?? ""
        let isTorch = ["pickle", "storages", "tensors", "sys_info"].contains(bare)
        let place: Place = isTorch ? .mixture : bare.hasSuffix(".pkl") ? .pickle : .part
        visit(ByteStore(store, range: member.range), as: place, name: member.name, depth: depth + 1)
      }
    } catch {
      note(error, name)
      search(store, from: 0, name: name, depth: depth)
    }
  }

  private mutating func visitGzip(_ store: ByteStore, name: String, depth: Int) {
    do throws(CheckpointError) {
      let unpacking = Unpacking(of: store.count, limits: options.limits)
      try visit(Gzip.unpack(store, unpacking), as: .file, name: name, depth: depth + 1)
    } catch {
      note(error, name)
    }
  }

  /// An array of objects is its header and a pickle.
  private mutating func visitArray(_ store: ByteStore, _ head: FileHead, name: String, depth: Int) {
    guard let header = NpyHeader.extent(in: head.bytes), header.upperBound < store.count else { return }
    let descr = store.text(header.prefix(FileHead.limit))
    let holdsObjects = descr.contains("|O") || descr.contains("'O")
    _ = visitPickles(store, from: header.upperBound, areCertain: holdsObjects, name: name, depth: depth)
  }

  /// Whether an entry's first bytes may be those of a pickle, or of a file that holds one.
  private static func isPromising(_ bytes: [UInt8], _ limits: CheckpointLimits) -> Bool {
    let head = FileHead(bytes: bytes)
    if head.isPickle || head.isZip || head.isTar || head.isArray { return true }
    let pickle = PickleMachine.trace(ByteStore(copying: bytes), 0..<bytes.count, limits: limits).pickle
    return pickle.globals.contains(where: isNamedAndDangerous)
  }
}

extension Pickle.Node {
  /// Bytes of any kind, Python 2's `str` included.
  fileprivate var asBytes: Pickle.Node {
    switch self {
    case .bytes(let slice), .bytearray(let slice), .byteText(let slice): .bytes(slice)
    default: .none
    }
  }
}
