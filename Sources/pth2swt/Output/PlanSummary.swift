import StateDicts
import Subcommands

/// What a conversion would write.
struct PlanSummary: Encodable {
  let inputs: [FilePath]
  let output: FilePath
  let plan: WritePlan
  let map: TensorMap
  let inverse: TensorMap?

  private enum CodingKeys: String, CodingKey {
    case input, inputs, output, map, inverse
  }

  func encode(to encoder: any Encoder) throws {
    try plan.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(inputs.first, forKey: .input)
    if inputs.count > 1 { try object.encode(inputs, forKey: .inputs) }
    try object.encode(output, forKey: .output)
    try object.encode(map, forKey: .map)
    try object.encodeIfPresent(inverse, forKey: .inverse)
  }

  /// What would be reported after the conversion.
  var summary: ConvertSummary { ConvertSummary(inputs: inputs, output: output, report: plan.report) }

  /// One line for each tensor, and what they make together.
  var lines: [String] {
    let rows = plan.tensors.map { row -> String in
      if let alias = row.alias { return "\(row.name)  alias of \(alias)" }
      var line = "\(row.name)  \(row.tensor)  \(Readable.bytes(row.tensor.byteCount))"
      if let file = row.file { line += "  in \(file)" }
      let names = row.origin.names
      if names != [row.name] {
        line +=
          "  from \(names.prefix(4).joined(separator: ", "))" + (names.count > 4 ? " and \(names.count - 4) more" : "")
      }
      return ([line] + row.origin.changes.map(\.description)).joined(separator: ", ")
    }
    let size = plan.files.reduce(0) { $0 + $1.bytes }
    let files = plan.files.count == 1 ? "" : " in \(plan.files.count) files"
    return rows + ["would write \(Readable.bytes(size))\(files):"] + summary.lines
  }
}
