#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An output whose files get their names one by one, as they become whole: a folder that a later run can take up, or that several
/// workers fill.
///
///     out/model-00001-of-00002.safetensors           whole
///     out/.pth2swt-1f2e3d4c5a6b7c8d/file-0           what its worker says of it
///     out/.model-00002-of-00002.safetensors.….tmp    where the file system has no nameless files
///
/// Whoever finds all files whole writes the index, and removes all but the output. A file is whole for others if its worker says so
/// under the identity of this conversion, or else if it has the bytes of the source.
struct SharedOutput {
  private let plan: OutputPlan
  private let folder: FilePath
  private let options: WriteOptions
  private let worker: WriteOptions.Worker
  private let companion: (any OutputCompanion)?
  private let records: FilePath
  /// The places of this worker's files in the plan.
  private let own: [Int]
  private let progress: ProgressSum
  private var report: WriteReport
  private var losses: OutputPlan.Losses = [:]
  private var notes: [Int: JSONValue] = [:]
  private var items: [Int: JSONValue] = [:]

  /// The files with tensors.
  private static func files(_ plan: OutputPlan) -> ArraySlice<OutputFile> {
    plan.files.count > 1 ? plan.files.dropLast() : plan.files[...]
  }

  private var index: OutputFile? { plan.files.count > 1 ? plan.files.last : nil }

  /// - Throws: `outputExists` for a folder that has other files than this output's, unless it may be overwritten; `cannotCreate`.
  init(
    _ plan: OutputPlan, at path: FilePath, _ options: WriteOptions, _ companion: (any OutputCompanion)?,
    progress: @escaping @Sendable (ByteProgress) -> Void
  ) throws(CheckpointError) {
    self.plan = plan
    folder = path.withoutTrailingSlash
    self.options = options
    let worker = options.worker ?? .single
    self.worker = worker
    self.companion = companion
    report = plan.report
    report.isVerified = options.verifies
    let own = worker.share(of: Self.files(plan).map(\.dataByteCount))
    self.own = own
    let total = own.reduce(0) { $0 + plan.files[$1].dataByteCount }
    self.progress = ProgressSum(total: options.verifies ? 2 * total : total, progress)
    records = folder.appending(FilePath(Self.recordsPrefix + (worker.count > 1 ? plan.identity : "")))
    try requireOurs()
  }

  private static let recordsPrefix = ".pth2swt-"

  /// Whether a name in the folder is one of this output, or of what is removed when it is whole.
  private func isOurs(_ name: FilePath, _ planned: Set<FilePath>) -> Bool {
    planned.contains(name) || name.bytes.starts(with: Self.recordsPrefix.utf8) || isUnfinished(name)
  }

  /// Whether a name is one of a file that a process is writing, or was when it was killed.
  private func isUnfinished(_ name: FilePath) -> Bool {
    guard name.hasSuffix(".tmp"), name.bytes.first == UInt8(ascii: ".") else { return false }
    return plan.files.contains { name.bytes.dropFirst().starts(with: ($0.name + ".").utf8) }
  }

  private func requireOurs() throws(CheckpointError) {
    guard folder.exists else { return }
    guard folder.isFolder else {
      throw CheckpointError(
        .cannotCreate, "Shards are written to a folder, and this is a file.", file: folder.description,
        remedy: "name a folder, which need not exist")
    }
    guard !options.overwrites else { return }
    let planned = Set(plan.files.map { FilePath($0.name) })
    let others = try folder.names().filter { !isOurs($0, planned) }
    guard others.isEmpty else {
      throw CheckpointError(
        .outputExists,
        "The folder has other files than those to be written: \(others.prefix(3).map(\.description).joined(separator: ", ")).",
        file: folder.description,
        remedy: "name another, or pass --force (overwrites: true) to replace the checkpoint in it")
    }
  }

  /// Writes this worker's share, and the index if all files are whole.
  mutating func write() throws -> WriteReport {
    let isNew = !folder.exists
    try folder.createFolder()
    // Other workers may have begun a file in a folder that looks empty.
    if isNew, worker.count == 1 { AtomicFile.note(newFolder: folder, isHidden: false) }
    defer { AtomicFile.remove(newFolder: folder) }
    try folder.requireSpace(for: own.map { plan.files[$0] }.filter { !place($0).exists }, of: folder)
    if !isFinished { try noteItems() }
    for number in own { try complete(number) }
    let isComplete = try finish()
    if options.worker != nil {
      report.share = WriteReport.Share(
        worker: worker, files: own.map { plan.files[$0].name },
        byteCount: own.reduce(0) { $0 + plan.files[$1].dataByteCount }, isComplete: isComplete)
    }
    AtomicFile.note(finished: folder)
    return report.counting(losses)
  }

  private func place(_ file: OutputFile) -> FilePath { folder.appending(FilePath(file.name)) }

  // MARK: - A file

  /// Makes a file be there: the one that is, if it has the bytes of the source, or a new one.
  private mutating func complete(_ number: Int) throws {
    let output = self
    let item = plan.files[number]
    var note: JSONValue?
    var losses = losses
    let wasThere = try output.plan.complete(
      item, at: place(item), options, progress, &losses, beforeWriting: output.removeIndexes
    ) { path, losses in
      note = try output.note(on: item, at: path, losses)
    }
    self.losses = losses
    notes[number] = note
    if wasThere { report.resumed.append(item.name) }
    if !isFinished { try record(note ?? .null, Self.file(number)) }
  }

  /// What the companion wants to know of a file.
  private func note(on item: OutputFile, at path: FilePath, _ losses: OutputPlan.Losses) throws -> JSONValue? {
    guard let companion else { return nil }
    let names = Set(item.rows.map { ExactName($0.name) })
    let tensors = item.rows.map(\.name) + plan.report.aliases.filter { names.contains(ExactName($0.kept)) }.map(\.name)
    return try companion.note(on: item.name, at: path, tensors: tensors, report.counting(losses))
  }

  // MARK: - Records

  private static func file(_ number: Int) -> String { "file-\(number)" }
  private static func item(_ number: Int) -> String { "item-\(number)" }

  /// Makes this worker's share of the notes that are not on files.
  ///
  /// They come first, so that they are there where all files are.
  private mutating func noteItems() throws {
    guard let companion else { return }
    for number in worker.share(of: companion.itemByteCounts) where recorded(Self.item(number)) == nil {
      let note = try companion.note(onItem: number)
      items[number] = note
      try record(note, Self.item(number))
    }
  }

  /// Says for other workers that something is done.
  private func record(_ note: JSONValue, _ name: String) throws(CheckpointError) {
    guard worker.count > 1 else { return }
    do throws(CheckpointError) {
      try records.createFolder()
      let file = try AtomicFile(path: records.appending(FilePath(name)), overwrites: true)
      try file.write(Array(note.text.utf8))
      try file.commit()
    } catch {
      // Another worker found all files whole, and removed the folder meanwhile.
      guard isFinished else { throw error }
    }
  }

  private func recorded(_ name: String) -> JSONValue? {
    guard worker.count > 1, let record = try? records.appending(FilePath(name)).contents() else { return nil }
    return try? JSONValue(parsing: String(decoding: record, as: UTF8.self))
  }

  // MARK: - All files

  /// Whether all is there: the index, which comes last.
  private var isFinished: Bool {
    guard let index, companion?.isWritten ?? true, let check = try? OutputCheck(index, at: place(index)) else {
      return false
    }
    return (try? check.difference(nil) == nil) ?? false
  }

  /// Writes the index, if all files are whole.
  private mutating func finish() throws -> Bool {
    if isFinished {
      if let index { report.resumed.append(index.name) }
    } else {
      for number in Self.files(plan).indices where !own.contains(number) {
        guard try isWhole(number) else { return false }
      }
      if let companion {
        for number in companion.itemByteCounts.indices where items[number] == nil {
          items[number] = try recorded(Self.item(number)) ?? companion.note(onItem: number)
        }
        try companion.write(
          items: companion.itemByteCounts.indices.map { items[$0] ?? .null },
          files: Self.files(plan).indices.map { notes[$0] ?? .null },
          index: index.map { ($0.name, $0.frame.head([])) }, report.counting(losses))
      }
      if options.overwrites { try removeStale() }
      if let index {
        let wasThere = try plan.complete(index, at: place(index), options, progress, &losses)
        if wasThere { report.resumed.append(index.name) }
      }
    }
    try removeRecords()
    return true
  }

  /// Whether a file of another worker is whole.
  private mutating func isWhole(_ number: Int) throws -> Bool {
    let item = plan.files[number]
    let place = place(item)
    guard let byteCount = FileIdentity(place)?.byteCount, byteCount == item.byteCount else { return false }
    if let note = recorded(Self.file(number)) {
      notes[number] = note
      return true
    }
    // Another run left it, or the records were removed meanwhile.
    guard try OutputCheck(item, at: place).difference(nil) == nil else { return false }
    try plan.addLosses(of: item, to: &losses)
    notes[number] = try note(on: item, at: place, losses)
    return true
  }

  /// Removes what is not part of the output.
  ///
  /// Other workers may do the same.
  private func removeRecords() throws(CheckpointError) {
    for name in try folder.names() {
      let place = folder.appending(name)
      if isUnfinished(name) { place.remove() }
      guard name.bytes.starts(with: Self.recordsPrefix.utf8) else { continue }
      for record in (try? place.names()) ?? [] { place.appending(record).remove() }
      place.removeEmptyFolder()
    }
  }

  /// Removes the index of the checkpoint that is replaced, so that nobody reads files of both.
  private func removeIndexes() throws {
    guard options.overwrites else { return }
    for name in try folder.names() where name.hasSuffix(".index.json") && OutputFolder.isOfSave(name) {
      folder.appending(name).remove()
    }
  }

  private func removeStale() throws(CheckpointError) {
    let planned = Set(plan.files.map { FilePath($0.name) })
    for name in try folder.names() where OutputFolder.isOfSave(name) && !planned.contains(name) {
      folder.appending(name).remove()
    }
  }
}

extension FilePath {
  /// Removes the file; another process may have done so.
  fileprivate func remove() { _ = unsafe withCString { unsafe unlink($0) } }

  /// Removes the folder if nothing is in it.
  fileprivate func removeEmptyFolder() { _ = unsafe withCString { unsafe rmdir($0) } }
}
