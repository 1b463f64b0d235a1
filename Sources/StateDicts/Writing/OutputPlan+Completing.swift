extension OutputPlan {
  /// What conversions lost, by the storage of the converted tensor.
  typealias Losses = [ObjectIdentifier: ElementCast.Losses]

  /// Makes a file be at a place: the one that is there, if it has the bytes of the source, or a new one.
  ///
  /// - Parameters:
  ///   - beforeWriting: Called before a file is written.
  ///   - whole: Called with a path where the whole file can be read, before it has its name.
  /// - Returns: Whether it was there.
  /// - Throws: `outputExists` if the file that is there has other bytes and may not be replaced; what writing throws.
  func complete(
    _ item: OutputFile, at place: FilePath, _ options: WriteOptions, _ progress: ProgressSum, _ losses: inout Losses,
    beforeWriting: () throws -> Void = {}, whole: (FilePath, Losses) throws -> Void = { _, _ in }
  ) throws -> Bool {
    if place.exists {
      guard let difference = try OutputCheck(item, at: place).difference(progress) else {
        try addLosses(of: item, to: &losses)
        try whole(place, losses)
        return true
      }
      guard options.overwrites else {
        throw CheckpointError(
          .outputExists, "The file is not what is to be written: \(difference).", file: place.description,
          remedy: "name another output, or pass --force (overwrites: true) to write the file again")
      }
    }
    try beforeWriting()
    do {
      let file = try AtomicFile(path: place, overwrites: options.overwrites)
      try write(item, to: file, options, progress, &losses)
      try whole(file.readingPath, losses)
      try file.commit()
    } catch let error as CheckpointError where error.code == .outputExists || error.code == .cannotCreate {
      // Another process with the same share may have been first.
      guard place.exists, try OutputCheck(item, at: place).difference(nil) == nil else { throw error }
    }
    return false
  }

  /// Counts what the conversions in a file that is taken up lost.
  func addLosses(of item: OutputFile, to losses: inout Losses) throws {
    for row in item.rows {
      var conversions: [(tensor: Tensor, cast: ElementCast)] = []
      row.tensor.forEachConversion { tensor, cast in
        if !cast.target.holdsAll(of: cast.source) { conversions.append((tensor, cast)) }
      }
      for lost in try concurrentMap(conversions, { try $0.cast.losses(of: $0.tensor) }) {
        losses[ObjectIdentifier(row.tensor.storage), default: .init()].add(lost)
      }
    }
  }

  /// Writes or takes up a single file, if it is this worker's.
  func complete(
    at path: FilePath, _ options: WriteOptions, _ progress: ProgressSum
  ) throws -> WriteReport {
    var report = report
    report.isVerified = options.verifies
    let worker = options.worker ?? .single
    let isOwn = worker.number == 0
    var losses: Losses = [:]
    if isOwn {
      if !path.exists { try path.folder.requireSpace(for: files, of: path) }
      for item in files {
        if try complete(item, at: path, options, progress, &losses) { report.resumed.append(path.name.description) }
      }
    }
    if options.worker != nil {
      report.share = WriteReport.Share(
        worker: worker, files: isOwn ? [path.name.description] : [], byteCount: isOwn ? report.byteCount : 0,
        isComplete: isOwn || path.exists)
    }
    return report.counting(losses)
  }
}
