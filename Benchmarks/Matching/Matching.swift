import Foundation
import ModelParameters
import TorchCheckpoints
import VisionModels

/// Times a Faster R-CNN's registry and the match of its state dict, in process: prints the medians in milliseconds.
///
///     Matching FILE RUNS [resnet18]
@main
enum Matching {
  static func main() throws {
    let arguments = CommandLine.arguments
    let body = arguments.count == 4 ? arguments[3] : "resnet50"
    guard (3...4).contains(arguments.count), let runs = Int(arguments[2]), runs > 0,
      let body = ResNet.Configuration.named.first(where: { $0.name.rawValue == body })?.configuration
    else {
      print("usage: Matching FILE RUNS [resnet18]")
      exit(64)
    }
    let configuration = FasterRCNN.Configuration(body)
    let registry = ParameterRegistry(of: FasterRCNN.self, configuration)
    let weights = try loadStateDict(url: URL(fileURLWithPath: arguments[1]))
    guard registry.match(weights).isExact else { exit(1) }
    print("registry", median(of: runs) { _ = ParameterRegistry(of: FasterRCNN.self, configuration) })
    print("match", median(of: runs) { _ = registry.match(weights) })
  }

  private static func median(of runs: Int, _ body: () -> Void) -> Double {
    // The first run warms up.
    let times = (0...runs).map { _ in ContinuousClock().measure(body) }.dropFirst().sorted()
    let middle = times[times.count / 2].components
    return Double(middle.attoseconds) / 1e15 + Double(middle.seconds) * 1e3
  }
}
