/// The files to be written, and in each the place of every tensor.
///
/// It depends on headers and options only.
struct OutputPlan: Sendable {
  /// In the order in which they are written; an index comes last.
  let files: [OutputFile]
  /// Whether the output is a folder of these files.
  var isFolder = false
  let report: WriteReport

  /// Lays an output out.
  ///
  /// - Throws: `unsupported`, listing what the format cannot express, unless the options leave it out; `limitExceeded`.
  init(_ stateDict: StateDict, as format: OutputFormat, _ options: WriteOptions) throws(CheckpointError) {
    switch format {
    case .swt, .safetensors: self = try OutputPlan(safetensors: stateDict, options)
    case .pth: self = try OutputPlan(pth: stateDict, options)
    case .npz: self = try OutputPlan(npz: stateDict, options)
    case .npy: self = try OutputPlan(npy: stateDict, options)
    }
  }

  init(_ file: OutputFile, _ report: WriteReport) {
    files = [file]
    self.report = report
  }

  init(folder files: [OutputFile], _ report: WriteReport) {
    self.files = files
    isFolder = true
    self.report = report
  }

  /// Writes everything: the output is there when it is whole, and nothing is there before, but what a run that may be resumed, or
  /// one of several workers, leaves.
  ///
  /// - Parameter companion: What is written beside a folder when a later run or several workers may complete it.
  /// - Returns: The report, with what conversions lost, and the files that an earlier run had finished.
  /// - Throws: `outputExists`, `cannotCreate`, `inputOutput` also if there is too little space, `checksumMismatch`.
  func write(
    to path: FilePath, _ options: WriteOptions, _ companion: (any OutputCompanion)? = nil,
    progress: @escaping @Sendable (ByteProgress) -> Void
  ) throws -> WriteReport {
    let isShared = options.resumes || options.worker != nil
    if isShared, isFolder {
      var output = try SharedOutput(self, at: path, options, companion, progress: progress)
      return try output.write()
    }
    let total = files.reduce(0) { $0 + $1.dataByteCount }
    let sum = ProgressSum(total: options.verifies ? 2 * total : total, progress)
    if isShared { return try complete(at: path, options, sum) }
    var report = report
    report.isVerified = options.verifies
    var losses: Losses = [:]
    guard isFolder else {
      let file = try AtomicFile(path: path, overwrites: options.overwrites)
      try path.folder.requireSpace(for: files, of: path)
      for item in files { try write(item, to: file, options, sum, &losses) }
      try file.commit()
      return report.counting(losses)
    }
    let folder = try OutputFolder(path, overwrites: options.overwrites)
    try folder.place.requireSpace(for: files, of: path)
    for item in files {
      try write(item, to: folder.file(item.name), options, sum, &losses)
      try folder.finish()
    }
    try folder.commit()
    return report.counting(losses)
  }

  /// Writes a file, and reads it back if the options ask for it, before it has its name.
  func write(
    _ item: OutputFile, to file: AtomicFile, _ options: WriteOptions, _ progress: ProgressSum, _ losses: inout Losses
  ) throws {
    for (row, lost) in try TensorCopy(item, to: file, progress: progress).run() {
      losses[ObjectIdentifier(item.rows[row].tensor.storage), default: .init()].add(lost)
    }
    guard options.verifies, let difference = try OutputCheck(item, at: file.readingPath).difference(progress) else {
      return
    }
    throw CheckpointError(
      .inputOutput, "The output is not what was written: read back, \(difference).",
      remedy: "convert again; if it comes again, the disk or the memory may be faulty")
  }
}

extension FilePath {
  /// Requires that files have room in this folder.
  func requireSpace(for files: [OutputFile], of output: FilePath) throws(CheckpointError) {
    // What stands behind the rows is short beside this, and is made only where it matters.
    let least = files.reduce(0) { $0 + ($1.rows.last?.end ?? 0) }
    guard let available = availableByteCount, least > available - 256 << 20 else { return }
    try requireSpace(files.reduce(0) { $0 + $1.byteCount }, for: output)
  }
}
