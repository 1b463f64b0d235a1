import ArgumentParser
import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Which of several processes this is: `0/4`, or taken from the environment.
enum WorkerChoice {
  case given(WriteOptions.Worker)
  /// `auto`: from Slurm; `auto/8`: from a Job of Kubernetes.
  case automatic(count: Int?)

  init(argument: String) throws {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    if argument == "auto" {
      self = .automatic(count: nil)
    } else if parts.count == 2, parts[0] == "auto", let count = Int(parts[1]), count > 0 {
      self = .automatic(count: count)
    } else if parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
      let worker = WriteOptions.Worker(number: number, count: count)
    {
      self = .given(worker)
    } else {
      throw ValidationError("must be k/n with k from 0 to n - 1, auto, or auto/n, not \(argument).")
    }
  }

  /// The worker that this process is.
  ///
  /// - Throws: `ValidationError` if the environment does not say.
  func worker(in environment: [String: String] = ProcessInfo.processInfo.environment) throws -> WriteOptions.Worker {
    func number(_ name: String) throws -> Int? {
      guard let text = environment[name] else { return nil }
      guard let number = Int(text) else { throw ValidationError("\(name) is not a number: \(text)") }
      return number
    }
    func worker(_ number: Int, _ count: Int, _ remedy: String) throws -> WriteOptions.Worker {
      guard let worker = WriteOptions.Worker(number: number, count: count) else {
        throw ValidationError("This would be worker \(number) of \(count), counted from 0: \(remedy).")
      }
      return worker
    }
    func remedy(_ count: Int) -> String { "number them one after another, as in --array=0-\(max(count, 1) - 1)" }
    switch self {
    case .given(let worker): return worker
    case .automatic(let count?):
      guard let number = try number("JOB_COMPLETION_INDEX") else {
        throw ValidationError(
          "--worker auto/\(count) takes its number from JOB_COMPLETION_INDEX, which is not set: "
            + "set completionMode: Indexed in the Job.")
      }
      return try worker(number, count, "the Job's completions must be \(count)")
    case .automatic(nil):
      if let task = try number("SLURM_ARRAY_TASK_ID"), let first = try number("SLURM_ARRAY_TASK_MIN"),
        let count = try number("SLURM_ARRAY_TASK_COUNT")
      {
        let step = max(try number("SLURM_ARRAY_TASK_STEP") ?? 1, 1)
        let (place, overflow) = task.subtractingReportingOverflow(first)
        guard !overflow, place % step == 0 else {
          throw ValidationError("The tasks of the array have gaps: \(remedy(count)).")
        }
        return try worker(place / step, count, remedy(count))
      }
      if let process = try number("SLURM_PROCID"), let count = try number("SLURM_NTASKS") {
        return try worker(process, count, "start the tasks with srun")
      }
      throw ValidationError(
        "--worker auto needs a Slurm array (SLURM_ARRAY_TASK_ID) or srun (SLURM_PROCID): outside of Slurm use "
          + "--worker k/n, and in a Job of Kubernetes --worker auto/n.")
    }
  }
}
