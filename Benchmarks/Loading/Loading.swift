import Foundation
import TorchCheckpoints

/// Times `loadStateDict(url:)` in process, warm, as `bench.py` times torch's: prints the median in milliseconds.
///
///     Loading FILE RUNS
@main
enum Loading {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let runs = Int(arguments[2]), runs > 0 else {
      print("usage: Loading FILE RUNS")
      exit(64)
    }
    let url = URL(fileURLWithPath: arguments[1])
    var times: [Double] = []
    for _ in 0...runs {
      let start = ContinuousClock.now
      let weights = try loadStateDict(url: url)
      let elapsed = ContinuousClock.now - start
      guard !weights.isEmpty else { exit(1) }
      times.append(Double(elapsed.components.attoseconds) / 1e15 + Double(elapsed.components.seconds) * 1e3)
    }
    // The first run warms up.
    let counted = times.dropFirst().sorted()
    print(counted[counted.count / 2])
  }
}
