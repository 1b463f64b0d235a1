import Foundation
import Testing

@testable import StateDicts

/// Files that we write, held against what docs/formats/swt.md promises, by reading their bytes here.
struct WriterTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private struct Row: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]
    var extent: Range<Int> { offsets[0]..<offsets[1] }

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  private enum Entry: Decodable {
    case row(Row)
    case metadata([String: String])

    init(from decoder: any Decoder) throws {
      if let row = try? Row(from: decoder) { self = .row(row) } else { self = .metadata(try .init(from: decoder)) }
    }
  }

  /// A file's header as Foundation reads it, and where its data begins.
  private func header(
    _ name: String
  ) throws -> (rows: [String: Row], metadata: [String: String], dataOffset: Int, text: String) {
    let bytes = try folder.contents(name)
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let json = bytes[8..<8 + length]
    let entries = try JSONDecoder().decode([String: Entry].self, from: Data(json))
    var metadata: [String: String] = [:]
    if case .metadata(let values)? = entries["__metadata__"] { metadata = values }
    let rows = entries.compactMapValues { entry in if case .row(let row) = entry { row } else { nil } }
    return (rows, metadata, 8 + length, String(decoding: json, as: UTF8.self))
  }

  private func read(_ name: String) throws(CheckpointError) -> StateDict {
    try StateDict(
      safetensors: ByteStore(path: FilePath(folder.path(name)), .mapped), file: folder.path(name),
      checksOnUse: true)
  }

  private static let widths: [(String, ElementType, Int)] = [
    ("bytes.3", .uint8, 3), ("doubles.1", .float64, 1), ("floats.16", .float32, 16), ("halves.5", .float16, 5),
    ("floats.3", .float32, 3), ("bytes.64", .uint8, 64), ("complex.3", .complex64, 3), ("nothing", .float32, 0),
    ("shorts.1", .int16, 1), ("doubles.80", .float64, 80),
  ]

  private func widths() throws -> StateDict {
    try StateDict(
      Self.widths.map { name, type, count in
        (name, try tensor(type, [count], (0..<count * type.byteCount).map { UInt8(truncatingIfNeeded: $0 + count) }))
      })
  }

  @Test("data begin on a page, blocks of 64 come first, then the widest elements, and the header keeps the order")
  func layout() throws {
    let stateDict = try widths()
    try stateDict.write(toPath: folder.path("m.swt"))
    let (rows, metadata, dataOffset, text) = try header("m.swt")
    #expect(dataOffset % 16384 == 0)
    #expect(metadata["format"] == "pt")
    #expect(metadata["swt.version"] == "1")
    let places = Self.widths.map { text.range(of: "\"\($0.0)\":{")?.lowerBound }
    #expect(places.allSatisfy { $0 != nil })
    #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    let order = rows.sorted {
      ($0.value.extent.lowerBound, $0.value.extent.upperBound) < (
        $1.value.extent.lowerBound, $1.value.extent.upperBound
      )
    }
    #expect(
      order.map(\.key).filter { $0 != "nothing" } == [
        "floats.16", "bytes.64", "doubles.80", "doubles.1", "complex.3", "floats.3", "halves.5", "shorts.1", "bytes.3",
      ])
    var end = 0
    for (name, row) in order {
      let extent = row.extent
      #expect(extent.lowerBound == end, "\(name)")
      if extent.count % 64 == 0, !extent.isEmpty { #expect((dataOffset + extent.lowerBound) % 64 == 0) }
      if let type = Self.widths.first(where: { $0.0 == name })?.1 {
        #expect((dataOffset + extent.lowerBound) % type.byteCount == 0, "\(name)")
      }
      end = extent.upperBound
    }
    #expect(try folder.contents("m.swt").count == dataOffset + end)
  }

  @Test("what was written is read back to the bit, in the same order, with a right CRC-32 for each tensor")
  func roundTrip() throws {
    let stateDict = try widths()
    try stateDict.write(toPath: folder.path("m.swt"))
    try stateDict.write(to: folder.url.appendingPathComponent("m.safetensors"))
    #expect(try folder.contents("m.swt") == folder.contents("m.safetensors"))
    let read = try read("m.swt")
    #expect(read.names == stateDict.names)
    #expect(try read.fingerprint() == stateDict.fingerprint())
    #expect(try read.map { try $0.tensor.gathered } == stateDict.map { try $0.tensor.gathered })
    #expect(read.map(\.tensor.shape) == stateDict.map(\.tensor.shape))
    let words = try header("m.swt").metadata["swt.crc32"]?.split(separator: " ").map(String.init)
    #expect(try words == stateDict.fingerprint().tensors.compactMap(\.crc32))
    #expect(read.tensors.allSatisfy { $0.storage.checksum != nil })
  }

  @Test("views, big-endian bytes and pending signs are written as the values they are")
  func resolved() throws {
    let numbers = littleEndian((0..<12).map { Int16($0) })
    let stateDict = try StateDict([
      ("turned", view(storage(numbers), .int16, [4, 3], strides: [1, 4])),
      ("middle", view(storage(numbers), .int16, [2], strides: [3], offset: 5)),
      ("repeated", view(storage(numbers), .int16, [2, 3], strides: [0, 1], offset: 1)),
      ("big", view(storage([0, 1, 0, 2], order: .big), .int16, [2])),
      ("negative", view(storage(numbers), .int16, [3], operations: .negate)),
    ])
    try stateDict.write(toPath: folder.path("m.swt"))
    let read = try read("m.swt")
    #expect(try [Int](#require(read["turned"])) == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    #expect(try [Int](#require(read["middle"])) == [5, 8])
    #expect(try [Int](#require(read["repeated"])) == [1, 2, 3, 1, 2, 3])
    #expect(try [Int](#require(read["big"])) == [1, 2])
    #expect(try [Int](#require(read["negative"])) == [0, -1, -2])
    #expect(read.allSatisfy { $0.tensor.isInPlace })
  }

  @Test("large tensors, in place, turned, and unpacked on the way, are written by two threads to the same bytes")
  func large() throws {
    let numbers = littleEndian((0..<1_500_007).map { Int32(truncatingIfNeeded: $0 &* 2_654_435) })
    let whole = storage(numbers)
    let packed = Storage(
      .lazy(Packed(bytes: numbers)), byteCount: numbers.count, key: "1", origin: StorageOrigin(file: "m.pth"))
    let stateDict = try StateDict([
      ("whole", view(whole, .int32, [1_500_007])), ("turned", view(whole, .int32, [1000, 1500], strides: [1, 1000])),
      ("packed", view(packed, .int32, [1_500_000], offset: 7)), ("small", floats([1, 2, 3])),
    ])
    let seen = Locked([ByteProgress]())
    try stateDict.write(toPath: folder.path("m.swt")) { progress in seen.withLock { $0.append(progress) } }
    let read = try read("m.swt")
    #expect(try read.difference(from: stateDict).isEmpty)
    #expect(try read.fingerprint() == stateDict.fingerprint())
    let total = stateDict.reduce(0) { $0 + $1.tensor.byteCount }
    let steps = seen.withLock { $0 }
    #expect(steps.count > 3)
    #expect(steps.map(\.completedByteCount).max() == total)
    #expect(steps.allSatisfy { $0.totalByteCount == total && stateDict.names.contains($0.name) })
  }

  private struct Packed: StorageContents {
    let bytes: [UInt8]
    func load() -> ByteStore { ByteStore(copying: bytes) }
    func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
      let store = load()
      for start in stride(from: 0, to: bytes.count, by: 300_007) {
        let end = min(start + 300_007, bytes.count)
        try unsafe store.withUnsafeBytes { all throws(CheckpointError) in
          try unsafe body(UnsafeRawBufferPointer(rebasing: all[start..<end]))
        }
      }
    }
  }

  private func tied() throws -> StateDict {
    let shared = storage(littleEndian([Float(1), 2, 3, 4]))
    return try StateDict([
      ("alone", floats([9])), ("encoder.weight", view(shared, .float32, [2, 2])),
      ("decoder.weight", view(shared, .float32, [2, 2])), ("part", view(shared, .float32, [2])),
      ("decoder.bias", floats([5])), ("head.weight", view(shared, .float32, [2, 2])),
      ("turned", view(shared, .float32, [2, 2], strides: [1, 2])),
    ])
  }

  @Test("tied tensors are kept once; their aliases come back tied, where they stood")
  func ties() throws {
    let stateDict = try tied()
    #expect(stateDict.ties == [["encoder.weight", "decoder.weight", "head.weight"]])
    try stateDict.write(toPath: folder.path("m.swt"))
    let (rows, metadata, _, _) = try header("m.swt")
    #expect(rows.keys.sorted() == ["alone", "decoder.bias", "encoder.weight", "part", "turned"])
    #expect(metadata["decoder.weight"] == "encoder.weight")
    #expect(metadata["head.weight"] == "encoder.weight")
    let read = try read("m.swt")
    #expect(read.names == stateDict.names)
    #expect(read.ties == stateDict.ties)
    #expect(try read.fingerprint() == stateDict.fingerprint())
  }

  @Test("expanded ties are written under each name and are tied no more")
  func expandedTies() throws {
    try tied().write(toPath: folder.path("m.swt"), options: WriteOptions(expandsTies: true))
    let (rows, metadata, _, _) = try header("m.swt")
    #expect(rows.count == 7)
    #expect(metadata["decoder.weight"] == nil)
    let read = try read("m.swt")
    #expect(read.ties == [])
    #expect(try [Float](#require(read["head.weight"])) == [1, 2, 3, 4])
    #expect(try read.difference(from: tied()).isEmpty)
  }

  @Test("an alias whose name the metadata needs for itself is written out")
  func reservedAliases() throws {
    let shared = storage([1, 2])
    let stateDict = try StateDict([
      ("a", view(shared, .uint8, [2])), ("format", view(shared, .uint8, [2])), ("swt.b", view(shared, .uint8, [2])),
    ])
    try stateDict.write(toPath: folder.path("m.swt"))
    let read = try read("m.swt")
    #expect(read.names == ["a", "format", "swt.b"])
    #expect(try header("m.swt").metadata["format"] == "pt")
  }

  @Test("names of any letters are written, aliases and quotes too, even two that look the same")
  func names() throws {
    let shared = storage([7])
    let names = [
      "caf\u{E9}", "cafe\u{301}", "a\"b\\c", "line\nbreak\u{1}", "", "emoji 🦜", "a/b.c[0]", "swt.x", "format",
    ]
    let stateDict = try StateDict(
      names.map { ($0, try view(shared, .uint8, [1])) } + names.map { ("own " + $0, try tensor(.uint8, [1], [8])) })
    for options in [WriteOptions(overwrites: true), WriteOptions(overwrites: true, expandsTies: true)] {
      try stateDict.write(toPath: folder.path("m.swt"), options: options)
      let read = try read("m.swt")
      #expect(read.names.map { Array($0.utf8) } == stateDict.names.map { Array($0.utf8) })
      #expect(try read.map { try $0.tensor.gathered } == stateDict.map { try $0.tensor.gathered })
    }
  }

  @Test("what the format cannot say is refused by name and reason, and left out where that is asked for")
  func unsupported() throws {
    let stateDict = try StateDict([
      ("good", floats([1])), ("wide", tensor(.complex128, [1], Array(repeating: 1, count: 16))),
      ("bits", tensor(.bits8, [1], [1])), ("__metadata__", floats([2])),
      (
        "meta",
        Tensor(Composition(.meta), elementType: .float32, geometry: TensorGeometry(stated: [2]), origin: .memory)
      ),
    ])
    let error = #expect(throws: CheckpointError(.unsupported, "")) { try stateDict.write(toPath: folder.path("m.swt")) }
    for name in ["wide", "bits", "__metadata__", "meta"] {
      #expect(error?.details.contains { $0.hasPrefix("\(name): ") } == true)
    }
    #expect(error?.description.contains("good") == false)
    #expect(error?.remedy?.contains("--skip-unsupported") == true)
    #expect(try folder.names == [])
    let report = try stateDict.write(
      toPath: folder.path("m.swt"), options: WriteOptions(leavesOutUnsupported: true))
    #expect(report.written == ["good"] && report.byteCount == 4)
    #expect(report.leftOut.map(\.name) == ["wide", "bits", "__metadata__", "meta"])
    #expect(report.leftOut.first?.reason == "the format has no dtype for complex128")
    #expect(report.leftOut.last?.reason == "the format has no meta tensors")
    let read = try read("m.swt")
    #expect(read.names == ["good"])
    #expect(read.metadata.leftOutBefore.map(\.reason) == report.leftOut.map(\.reason))
    // What the file lacks is known of one that is made of it too, and is no news there.
    let again = try read.write(toPath: folder.path("n.swt"))
    #expect(again.leftOut.isEmpty)
    #expect(try self.read("n.swt").metadata.leftOutBefore.map(\.name) == report.leftOut.map(\.name))
  }

  @Test("a tensor is written under its own name where the name that it is tied to has no place in the format")
  func tiedToReserved() throws {
    let shared = try floats([1, 2, 3])
    let stateDict = try StateDict([("__metadata__", shared), ("a", shared), ("w", floats([4])), ("b", shared)])
    let report = try stateDict.write(
      toPath: folder.path("m.swt"), options: WriteOptions(leavesOutUnsupported: true))
    #expect(report.written == ["a", "w"])
    #expect(report.aliases == [WriteReport.Alias(name: "b", kept: "a")])
    #expect(report.leftOut.map(\.name) == ["__metadata__"])
    #expect(try read("m.swt")["a"]?.gathered == shared.gathered)
  }

  @Test("what older files left out, an object from names to reasons, is read as the list is")
  func olderLeftOut() {
    let rows = [LeftOut("a", reason: "x"), LeftOut("b", reason: "y")]
    #expect(LeftOut.rows(of: .object(["a": .string("x"), "b": .string("y")])) == rows)
    #expect(LeftOut.rows(of: .array(rows.map(\.json))) == rows)
    #expect(LeftOut.rows(of: .array([.null, .object([:])])).isEmpty)
  }

  @Test("the source, the other values, gradients, versions and annotations are kept and come back")
  func metadata() throws {
    var stateDict = try StateDict([
      ("w", tensor(.float32, [1], [0, 0, 128, 63], requiresGrad: true)), ("b", floats([2])),
    ])
    stateDict.metadata.source = Provenance(
      name: "m.pth", byteCount: 1234, format: .zip, marks: ["version": .string("3")],
      sha256: String(repeating: "ab", count: 32))
    stateDict.metadata.modules = ["bn": .object(["version": .integer(2)])]
    stateDict.metadata.otherValues = [
      "epoch": .integer(90), "lr": .array([.number(0.1), .null, .bool(true)]),
    ]
    try stateDict.write(
      toPath: folder.path("m.swt"),
      options: WriteOptions(annotations: ["note": .string("mine")]))
    let metadata = try header("m.swt").metadata
    let source = try JSONValue(parsing: #require(metadata["swt.source"]))
    #expect(source["name"] == .string("m.pth"))
    #expect(source["bytes"] == .integer(1234))
    #expect(source["format"] == .string("torch zip"))
    #expect(source["version"] == .string("3"))
    #expect(source["sha256"] == .string(String(repeating: "ab", count: 32)))
    #expect(metadata["swt.note"] == "mine")
    let read = try read("m.swt")
    #expect(read["w"]?.requiresGrad == true)
    #expect(read["b"]?.requiresGrad == false)
    #expect(read.metadata.modules == stateDict.metadata.modules)
    #expect(read.metadata.otherValues == stateDict.metadata.otherValues)
    #expect(read.metadata.source?.format == .swt)
  }

  @Test("values nested as deep as a checkpoint keeps them come back")
  func nestedValues() throws {
    var value = PythonValue.text("inside")
    for _ in 0..<PythonValue.depthLimit { value = .orderedDict([.init(.tuple([.integer(1)]), value)], attributes: []) }
    var stateDict = try StateDict([("w", floats([2]))])
    stateDict.metadata.otherValues = ["args": value.json]
    try stateDict.write(toPath: folder.path("deep.swt"))
    #expect(try read("deep.swt").metadata.otherValues == stateDict.metadata.otherValues)
  }

  @Test("metadata that could not be read again is not written")
  func unreadableMetadata() throws {
    var deep = JSONValue.null
    for _ in 0..<300 { deep = .array([deep]) }
    for value in [deep, .array([JSONValue](repeating: .object(["a": .null]), count: 1 << 20))] {
      var stateDict = try StateDict([("w", floats([2]))])
      stateDict.metadata.otherValues = ["args": value]
      let error = #expect(throws: CheckpointError.self) { try stateDict.write(toPath: folder.path("x.swt")) }
      #expect(error?.code == .limitExceeded && error?.entry == "swt.other_values")
      #expect(!FileManager.default.fileExists(atPath: folder.path("x.swt")))
    }
  }

  @Test("a second conversion gives the same bytes, and so does one of what it wrote")
  func stable() throws {
    let stateDict = try tied()
    try stateDict.write(toPath: folder.path("a.swt"))
    try stateDict.write(toPath: folder.path("b.swt"))
    #expect(try folder.contents("a.swt") == folder.contents("b.swt"))
    let (rows, _, dataOffset, _) = try header("a.swt")
    try read("a.swt").write(toPath: folder.path("c.swt"))
    let again = try header("c.swt")
    #expect(try folder.contents("a.swt")[dataOffset...] == folder.contents("c.swt")[again.dataOffset...])
    #expect(rows.keys.sorted() == again.rows.keys.sorted())
  }

  @Test("an empty state dict is a file, too")
  func nothing() throws {
    try StateDict([]).write(toPath: folder.path("m.swt"))
    #expect(try read("m.swt").isEmpty)
    #expect(try folder.contents("m.swt").count == 16384)
  }

  @Test("an existing file stays as it is, unless it is to be overwritten")
  func overwriting() throws {
    try folder.write([1, 2, 3], "m.swt")
    #expect(throws: CheckpointError(.outputExists, "")) { try StateDict([]).write(toPath: folder.path("m.swt")) }
    #expect(try folder.contents("m.swt") == [1, 2, 3])
    try StateDict([]).write(toPath: folder.path("m.swt"), options: WriteOptions(overwrites: true))
    #expect(try read("m.swt").isEmpty)
    #expect(try folder.names == ["m.swt"])
    #expect(throws: CheckpointError(.cannotCreate, "")) { try StateDict([]).write(toPath: folder.path("none/m.swt")) }
    var options = WriteOptions(overwrites: true)
    options.format = .swt
    #expect(throws: CheckpointError(.cannotCreate, "")) {
      try StateDict([]).write(toPath: folder.url.path, options: options)
    }
  }

  @Test("a file can be written over the file that it is read from")
  func inPlace() throws {
    let stateDict = try widths()
    try stateDict.write(toPath: folder.path("m.swt"))
    try read("m.swt").write(toPath: folder.path("m.swt"), options: WriteOptions(overwrites: true))
    #expect(try read("m.swt").fingerprint() == stateDict.fingerprint())
  }
}
