extension OutputPlan {
  /// 16 digits that tell this conversion from another into the same folder: of the files' layout, and of the sizes and times of the
  /// sources.
  var identity: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ bytes: some Sequence<UInt8>) {
      // FNV-1a.
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    var origins = Set<String>()
    var states = Set<String>()
    for file in files {
      add(file.name.utf8)
      add(file.frame.head([Checksum](repeating: Checksum(), count: file.rows.count)))
      for row in file.rows {
        try? row.tensor.forEachOrigin { source in
          let storage = source.storage
          let store = storage.packedContents == nil ? try? storage.region().store : nil
          if let state = store?.identity?.state { states.insert(state) } else { origins.insert(storage.origin.file) }
        }
      }
    }
    // The same file may have another path for another worker.
    states.formUnion(origins.flatMap { FilePath($0).states })
    for state in states.sorted() { add("\(state) ".utf8) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension FileIdentity {
  /// The size and time, which are the same on every machine.
  fileprivate var state: String { "\(byteCount) \(modified)" }
}

extension FilePath {
  /// The size and time of the file, or of each file in the folder; none where nothing is.
  fileprivate var states: [String] {
    guard isFolder else { return FileIdentity(self).map { [$0.state] } ?? [] }
    return ((try? names()) ?? []).flatMap { name -> [String] in
      let place = withoutTrailingSlash.appending(name)
      return place.isFolder ? [] : place.states
    }
  }
}
