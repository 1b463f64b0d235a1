import StateDicts
import Subcommands

/// What a conversion wrote and left out.
struct ConvertSummary: Encodable {
  let inputs: [FilePath]
  let output: FilePath
  let report: WriteReport

  private enum CodingKeys: String, CodingKey {
    case input, inputs, output, tensors, aliases, bytes, casts
    case files, resumed, verified, worker
    case leftOut = "left_out"
    case notKept = "not_kept"
  }

  /// What one of several workers did.
  private struct Share: Encodable {
    let number: Int
    let count: Int
    let files: [String]
    let bytes: Int
    let complete: Bool

    init(_ share: WriteReport.Share) {
      number = share.worker.number
      count = share.worker.count
      files = share.files
      bytes = share.byteCount
      complete = share.isComplete
    }
  }

  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(inputs.first, forKey: .input)
    if inputs.count > 1 { try object.encode(inputs, forKey: .inputs) }
    try object.encode(output, forKey: .output)
    try object.encode(report.written.count, forKey: .tensors)
    try object.encode(report.aliases.count, forKey: .aliases)
    try object.encode(report.byteCount, forKey: .bytes)
    if !report.casts.isEmpty { try object.encode(report.casts, forKey: .casts) }
    if !report.files.isEmpty { try object.encode(report.files, forKey: .files) }
    if !report.resumed.isEmpty { try object.encode(report.resumed, forKey: .resumed) }
    if report.isVerified { try object.encode(true, forKey: .verified) }
    if let share = report.share { try object.encode(Share(share), forKey: .worker) }
    try object.encode(report.leftOut, forKey: .leftOut)
    try object.encode(report.notKept, forKey: .notKept)
  }

  /// One line for what was written, one for each group that was not.
  var lines: [String] { [written] + castLines + leftOutLines + notKeptLines }

  /// What was written, and how much was not.
  var line: String {
    var line = written
    if !report.leftOut.isEmpty { line += ", \(Readable.count(report.leftOut.count)) left out" }
    if !report.notKept.isEmpty { line += ", \(Readable.count(report.notKept.count, of: "value")) not kept" }
    return line
  }

  private var written: String {
    var line = "\(output): \(Readable.count(report.written.count, of: "tensor")), \(Readable.bytes(report.byteCount))"
    if !report.aliases.isEmpty { line += ", \(report.aliases.count) tied names kept as aliases" }
    if report.files.count > 1 { line += ", in \(report.files.count - 1) shards" }
    if !report.resumed.isEmpty { line += ", \(Readable.count(report.resumed.count, of: "file")) of an earlier run" }
    if report.isVerified { line += ", verified" }
    if let share = report.share {
      line +=
        "; worker \(share.worker.number) of \(share.worker.count): \(Readable.count(share.files.count, of: "file")), "
        + "\(Readable.bytes(share.byteCount)); "
        + (share.isComplete ? "all workers' files are there" : "other workers' files are missing")
    }
    return line
  }

  /// One line for each dtype that tensors were converted to.
  private var castLines: [String] {
    var types: [ElementType] = []
    for cast in report.casts where !types.contains(cast.to) { types.append(cast.to) }
    return types.map { type in
      let casts = report.casts.filter { $0.to == type }
      func sum(_ count: (WriteReport.Cast) -> Int) -> Int { casts.reduce(0) { $0 + count($1) } }
      return "cast to \(type): \(Readable.count(casts.count, of: "tensor")), \(sum(\.elements)) values, "
        + "\(sum(\.rounded)) rounded, \(sum(\.overflowed)) overflowed"
    }
  }

  /// The largest number of groups that are listed.
  private static let groupLimit = 10

  private var notKeptLines: [String] {
    let lines = report.notKept.prefix(Self.groupLimit).map { "not kept: \($0.name): \($0.reason)" }
    let rest = report.notKept.count - lines.count
    return lines + (rest > 0 ? ["… and \(rest) more values (--json lists them)"] : [])
  }

  private var leftOutLines: [String] {
    struct Group: Hashable {
      let key: String?
      let reason: String
    }
    var groups: [Group] = []
    var names: [Group: [String]] = [:]
    for row in report.leftOut {
      // A part of the file that was not converted is one group, whatever the reasons.
      let group = Group(key: row.key, reason: row.key == nil ? row.reason : "")
      if names[group] == nil { groups.append(group) }
      names[group, default: []].append(row.name)
    }
    var lines = groups.prefix(Self.groupLimit).map { group -> String in
      let names = names[group] ?? []
      let count = Readable.count(names.count, of: "tensor")
      if let key = group.key { return "not converted: \(key), \(count); use --key \(key)" }
      return "left out: \(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : "") "
        + "(\(count)): \(group.reason)"
    }
    if groups.count > Self.groupLimit {
      let rest = groups.dropFirst(Self.groupLimit).reduce(0) { $0 + (names[$1]?.count ?? 0) }
      lines.append("… and \(Readable.count(rest, of: "tensor")) more (listed with --json)")
    }
    return lines
  }
}
