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
    for file in files {
      add(file.name.utf8)
      add(file.frame.head([Checksum](repeating: Checksum(), count: file.rows.count)))
      for row in file.rows {
        for segment in row.tensor.segments { origins.insert(segment.tensor.storage.origin.file) }
      }
    }
    // The same file may have another path for another worker.
    let states = origins.flatMap { FilePath($0).states }.sorted()
    for state in states { add("\(state) ".utf8) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension FilePath {
  /// The size and time of the file, or of each file in the folder; none where nothing is.
  fileprivate var states: [String] {
    guard isFolder else { return FileIdentity(self).map { ["\($0.byteCount) \($0.modified)"] } ?? [] }
    return ((try? names()) ?? []).flatMap { name -> [String] in
      let place = withoutTrailingSlash.appending(name)
      return place.isFolder ? [] : place.states
    }
  }
}
