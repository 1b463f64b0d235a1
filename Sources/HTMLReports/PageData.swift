import ModelParameters
import StateDicts
import Subcommands
import TorchCheckpoints
import VisionModels

/// What the page's script draws: the JSON in its `#data`.
///
/// Tensors are columns rather than rows, with short figures, so that 20,000 of them with statistics take about 4 MB.
struct PageData: Encodable {
  /// A column for each property of a tensor; all have the same length.
  struct Tensors: Encodable {
    let name: [String]
    /// Places in `dtypes`.
    let dtype: [Int]
    let shape: [[Int]]
    let bytes: [Int]
    let kind: [String?]
    /// 1 for a tensor whose bytes are counted under another name.
    let repeated: [Int]
    /// min, max, mean, std, zeros, NaN, infinities.
    let statistics: [[Double?]?]
    /// A character for each bin: from `0`, empty, to `o`, the 63rd after it in ASCII, for the fullest.
    let histogram: [String?]

    /// Tensors without statistics.
    init(_ elements: [StateDict.Element], dtypes: [ElementType], repeated: Set<String>) {
      let places = Dictionary(dtypes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      name = elements.map(\.name)
      dtype = elements.map { places[$0.tensor.elementType] ?? 0 }
      shape = elements.map(\.tensor.shape)
      bytes = elements.map(\.tensor.byteCount)
      kind = elements.map { $0.tensor.composition?.kind.rawValue }
      self.repeated = elements.map { repeated.contains($0.name) ? 1 : 0 }
      statistics = elements.map { _ in nil }
      histogram = elements.map { _ in nil }
    }

    init(_ rows: [Inspection.Row], dtypes: [ElementType], repeated: Set<String>) {
      let places = Dictionary(dtypes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      name = rows.map(\.name)
      dtype = rows.map { places[$0.dtype] ?? 0 }
      shape = rows.map(\.shape)
      bytes = rows.map(\.byteCount)
      kind = rows.map { $0.kind?.rawValue }
      self.repeated = rows.map { repeated.contains($0.name) ? 1 : 0 }
      statistics = rows.map { $0.statistics.map(Self.figures) }
      histogram = rows.map { $0.statistics?.histogram.map(Self.bars) }
    }
  }

  /// Something that a reader should know about the file.
  struct Finding: Encodable {
    let title: String
    let names: [String]
    var isAlarm = false
  }

  /// The match with a model.
  struct ModelMatch: Encodable {
    let sentence: String
    let isExact: Bool
    /// The titles of lists of names, and the lists.
    let lists: [(title: String, names: [String])]
    /// For each tensor the smallest number of trainable layers with which it trains.
    ///
    /// Nil for buffers and tensors that are not in the model; no list for a model whose layers have no order.
    let trainable: [Int?]?
    /// The number of trainable layers asked for, and the largest.
    let layers: Int
    let layerCount: Int
  }

  let sentence: String
  let dtypes: [String]
  let tensors: Tensors
  let types: [Inspection.TypeTotal]
  let findings: [Finding]
  let values: JSONObject
  let match: ModelMatch?
  /// How each tensor differs from that of another state dict.
  let difference: Changes?

  enum CodingKeys: String, CodingKey {
    case dtypes, tensors, types, findings, values, match, difference
  }

  init(_ report: Inspection, _ fit: ModelFit?) throws {
    let dtypes = report.types.map(\.dtype)
    self.dtypes = dtypes.map(\.rawValue)
    tensors = Tensors(report.tensors, dtypes: dtypes, repeated: Set(report.ties.flatMap { $0.dropFirst() }))
    types = report.types
    findings = Self.findings(in: report)
    values = report.otherValues
    match = try fit.map { try ModelMatch($0, names: report.tensors.map(\.name)) }
    difference = nil
    sentence = Self.sentence(on: report)
  }

  private static func sentence(on report: Inspection) -> String {
    let types = report.types.prefix(3).map(\.dtype.rawValue).joined(separator: ", ")
    let key = report.stateDictKey.map { ", with the state dict under \($0)" } ?? ""
    return "A \(report.format) checkpoint of \(Readable.bytes(report.byteCount))\(key): "
      + "\(Readable.count(report.tensors.count, of: "tensor")) with \(Readable.count(report.parameterCount, of: "parameter"))"
      + (types.isEmpty ? "." : " in \(types).")
  }

  private static func findings(in report: Inspection) -> [Finding] {
    var findings: [Finding] = []
    func add(_ title: String, _ names: [String], isAlarm: Bool = false) {
      if !names.isEmpty { findings.append(Finding(title: title, names: names, isAlarm: isAlarm)) }
    }
    func globals(_ verdict: GlobalUse.Verdict) -> [String] {
      report.globals.filter { $0.verdict == verdict }.map(\.name)
    }
    add("Dangerous globals, which would run code or open files in Python", globals(.dangerous), isAlarm: true)
    add("Globals on no list: classes of their own, or functions that depend on their arguments", globals(.unknown))
    add("Classes that only hold data", globals(.inert))
    add("Tied tensors: one storage under several names", report.ties.map { $0.joined(separator: " = ") })
    add("Overlapping tensors", report.storages.overlaps.map { $0.joined(separator: ", ") })
    add(
      "Storages of which little is used",
      report.storages.wasted.map {
        "\(Readable.bytes($0.byteCount - $0.usedByteCount)) of \(Readable.bytes($0.byteCount)) unused under \($0.tensors.joined(separator: ", "))"
      })
    add("Records that no tensor uses", report.storages.unused.map { "\($0.entry), \(Readable.bytes($0.byteCount))" })
    add("Left out, because the elements have no dtype", report.leftOut.map { "\($0.name): \($0.reason)" })
    add("Source text in the file", report.sources.map(\.name))
    add("Notes", report.notes)
    return findings
  }
}

extension PageData.Tensors {
  /// The figures that a row has.
  fileprivate static func figures(of statistics: TensorStatistics) -> [Double?] {
    [statistics.minimum, statistics.maximum, statistics.mean, statistics.standardDeviation].map { $0?.short }
      + [statistics.zeros, statistics.nan, statistics.infinities].map { Double($0) }
  }

  /// Heights of bars, by the density of numbers, since edges need not be evenly spaced.
  fileprivate static func bars(_ histogram: TensorStatistics.Histogram) -> String {
    let densities = zip(histogram.counts, zip(histogram.edges, histogram.edges.dropFirst())).map { count, edges in
      count == 0 ? 0 : edges.1 > edges.0 ? Double(count) / (edges.1 - edges.0) : .infinity
    }
    let most = densities.max() ?? 0
    return String(
      decoding: densities.map { density -> UInt8 in
        // A bin that is not empty is seen.
        let height = density == 0 ? 0 : most.isFinite ? max(1, (63 * (density / most)).rounded()) : 63
        return 48 + UInt8(min(max(height, 0), 63))
      }, as: UTF8.self)
  }
}

extension Double {
  /// The number with as many digits as a float32 needs; nil if it is not finite.
  var short: Double? {
    guard isFinite else { return nil }
    let float = Float(self)
    return float.isFinite && (float != 0 || self == 0) ? Double(float.description) : self
  }
}

extension PageData.ModelMatch {
  init(_ fit: ModelFit, names: [String]) throws {
    let match = fit.match
    sentence =
      match.isExact ? "The weights match \(fit.model.name) exactly." : "The weights do not match \(fit.model.name)."
    isExact = match.isExact
    lists = [
      ("Missing in the checkpoint", match.missing),
      ("Unexpected: not in the model", match.unexpected),
      ("Of another shape or type", match.mismatched.map { "\($0.name): expected \($0.expected), found \($0.found)" }),
    ]
    let sources = Dictionary(match.bound.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    let kind = type(of: fit.model.configuration)
    (layers, layerCount) = (kind.usualTrainableLayers, 5)
    guard kind.resNetPath != nil else {
      trainable = nil
      return
    }
    var least: [String: Int] = [:]
    for count in (0...layerCount).reversed() {
      for name in try fit.model.registry(trainableLayers: count).trainableNames { least[sources[name] ?? name] = count }
    }
    trainable = names.map { least[$0] }
  }

  enum CodingKeys: String, CodingKey {
    case sentence, isExact, lists, trainable, layers, layerCount
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(sentence, forKey: .sentence)
    try container.encode(isExact, forKey: .isExact)
    var lists = container.nestedUnkeyedContainer(forKey: .lists)
    for list in self.lists {
      var pair = lists.nestedUnkeyedContainer()
      try pair.encode(list.title)
      try pair.encode(list.names)
    }
    try container.encode(trainable, forKey: .trainable)
    try container.encode(layers, forKey: .layers)
    try container.encode(layerCount, forKey: .layerCount)
  }
}
