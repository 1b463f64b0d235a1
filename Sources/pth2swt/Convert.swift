import ArgumentParser
import Dispatch
import StateDicts
import TorchCheckpoints

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

struct Convert: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a checkpoint's tensors to a .swt or .safetensors file.",
    discussion: """
      Both have one layout: a safetensors file whose tensors are aligned, with each one's CRC-32 and the checkpoint's \
      other values in the metadata. Every checksum of the input is checked on the way.

      EXAMPLES
        pth2swt model.pth model.swt
        pth2swt convert --key ema checkpoint.pth ema.safetensors
        pth2swt convert --skip-unsupported model.pth model.swt
        pth2swt convert --model fasterrcnn_resnet50_fpn old.pth model.swt
        pth2swt convert --rename 'encoder.*=backbone.*' model.pth model.swt
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: String

  @Argument(help: "The file to write: .swt or .safetensors.", completion: .file(extensions: ["swt", "safetensors"]))
  var output: String

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions
  @OptionGroup var modelling: ModellingOptions

  @Flag(help: "Overwrite the output file if it exists.")
  var force = false

  @Flag(help: "Write tied tensors out under each of their names.")
  var expandTies = false

  @Flag(help: "Go on without tensors that the format cannot say, and name them in the metadata.")
  var skipUnsupported = false

  @Flag(help: "Write quantized, sparse and nested tensors as plain component tensors; the metadata says how they fit.")
  var decompose = false

  @Flag(help: "Compute the input's SHA-256 and keep it in the metadata.")
  var sha256 = false

  @Flag(help: "Print what was written as JSON.")
  var json = false

  func validate() throws {
    guard output.hasSuffix(".swt") || output.hasSuffix(".safetensors") else {
      throw ValidationError("The output's name must end in .swt or .safetensors: \(output)")
    }
  }

  func run() async throws {
    let checkpoint = try inputs.open(input)
    var (stateDict, annotations) = try modelling.apply(to: checkpoint.stateDict(key: key.key))
    if decompose { stateDict = try stateDict.decomposed() }
    if sha256 { stateDict.metadata.source?.sha256 = try SHA256Text.of(checkpoint) }
    var options = WriteOptions(
      overwrites: force, expandsTies: expandTies, leavesOutUnsupported: skipUnsupported,
      annotations: annotations)
    options.expandedByteCount = inputs.limits.expandedByteCount
    let progress = ProgressLine()
    let interruption = Interruption()
    defer { interruption.end() }
    let report = try stateDict.write(toPath: output, options: options) { progress.show($0) }
    progress.clear()
    let summary = ConvertSummary(input: input, output: output, report: report)
    if json { try printJSON(summary) } else { print(summary.text) }
  }
}

/// Removes an unfinished file when the command is interrupted.
private struct Interruption {
  private let sources: [any DispatchSourceSignal]

  init() {
    // A file over the session's limit is an error in words, not an end by this signal.
    signal(SIGXFSZ, SIG_IGN)
    // A queue of its own has a thread of its own: the global one has as many as there are cores, all at work on the copy.
    let queue = DispatchQueue(label: "pth2swt.interruption")
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        AtomicFile.removeUnfinished()
        signal(number, SIG_DFL)
        // Dispatch's threads block every signal, this one's own too.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
      }
      source.resume()
      return source
    }
  }

  func end() {
    for source in sources { source.cancel() }
  }
}
