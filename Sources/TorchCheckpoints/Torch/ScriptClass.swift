/// The names of a TorchScript class's own parameters and buffers.
struct ScriptClass: Sendable {
  var parameters: [String] = []
  var buffers: [String] = []

  static func read(_ text: String, module: String, into classes: inout [String: ScriptClass]) {
    var current: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line.hasPrefix("class "), let end = line.firstIndex(where: { $0 == "(" || $0 == ":" }) {
        current = "\(module).\(line.dropFirst(6).prefix(upTo: end))"
        if let current { classes[current] = ScriptClass() }
      } else if let current {
        if line.hasPrefix("  __parameters__ = [") { classes[current]?.parameters = names(line) }
        if line.hasPrefix("  __buffers__ = [") { classes[current]?.buffers = names(line) }
      }
    }
  }

  /// The strings between quotation marks.
  private static func names(_ line: Substring) -> [String] {
    line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
