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

  /// Writes everything: the output is there when it is whole, and nothing is there before.
  ///
  /// - Throws: `outputExists`, `cannotCreate`, `inputOutput`, `checksumMismatch`.
  func write(
    to path: FilePath, overwrites: Bool, progress: @escaping @Sendable (CopyProgress) -> Void
  ) throws {
    let sum = ProgressSum(total: files.reduce(0) { $0 + $1.dataByteCount }, progress)
    guard isFolder else {
      let file = try AtomicFile(path: path, overwrites: overwrites)
      for item in files { try TensorCopy(item, to: file, progress: sum).run() }
      return try file.commit()
    }
    let folder = try OutputFolder(path, overwrites: overwrites)
    for item in files {
      let file = try folder.file(item.name)
      try TensorCopy(item, to: file, progress: sum).run()
      try file.park()
    }
    try folder.commit()
  }
}
