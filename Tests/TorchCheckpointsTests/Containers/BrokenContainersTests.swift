import StateDicts
import Testing
import TorchCheckpoints

/// A file that is wrong in one way, and what must be said of it.
struct BrokenFile: Sendable, CustomTestStringConvertible {
  let what: String
  let bytes: [UInt8]
  let code: CheckpointError.Code

  init(_ what: String, _ code: CheckpointError.Code, _ bytes: [UInt8]) {
    self.what = what
    self.bytes = bytes
    self.code = code
  }

  var testDescription: String { what }

  /// Opens the file and reads every byte of every tensor.
  func read() throws {
    for item in try Checkpoint(bytes).tensors {
      for part in [item.tensor] + (item.tensor.composition?.components.map(\.tensor) ?? [])
      where part.composition?.hasElements != false {
        try part.contiguous().readAll()
      }
    }
  }

  func expectRefusal() {
    let error = #expect(throws: CheckpointError.self) { try read() }
    #expect(error?.code == code, "\(error.map { "\($0)" } ?? "nothing was refused")")
  }
}

@Suite("Broken files of each container, named by what is wrong")
struct BrokenContainersTests {
  private static let body = PickleBytes.dict(("w", PickleBytes.vector))

  @Test("Sound files built the same way open: what is refused below is refused for its one fault")
  func soundFiles() throws {
    for bytes in [
      FileBytes.legacy(Self.body), FileBytes.torchTar(), FileBytes.torch(Self.body),
      FileBytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", data: [0, 0, 0, 0]),
    ] {
      #expect(try Checkpoint(bytes).tensors.count == 1)
    }
  }

  static let legacy: [BrokenFile] = [
    BrokenFile("protocol 1002", .malformedHeader, FileBytes.legacy(body, protocol: 1002)),
    BrokenFile(
      "another magic number", .notACheckpoint, [0x80, 2, 0x8A, 10] + [UInt8](repeating: 7, count: 10) + [0x2E]),
    BrokenFile("nothing after the magic number", .malformedPickle, FileBytes.magic),
    BrokenFile("a key list that is a number", .malformedHeader, FileBytes.legacy(body, keys: PickleBytes.integer(1))),
    BrokenFile(
      "a key that nothing names", .malformedHeader,
      FileBytes.legacy(body, keys: PickleBytes.list(PickleBytes.text("9")))),
    BrokenFile(
      "a storage that is not listed", .missingRecord, FileBytes.legacy(body, keys: Array("]".utf8), storages: [])),
    BrokenFile("a count of -4", .malformedHeader, FileBytes.legacy(body, storages: PickleBytes.little(Int64(-4)))),
    BrokenFile(
      "a count of 2^62", .malformedHeader, FileBytes.legacy(body, storages: PickleBytes.little(Int64(1) << 62))),
    BrokenFile(
      "a count of more than is there", .truncated,
      FileBytes.legacy(body, storages: PickleBytes.little(Int64(5)) + [UInt8](repeating: 0, count: 16))),
    BrokenFile(
      "a count of less than the storage", .missingRecord,
      FileBytes.legacy(body, storages: PickleBytes.little(Int64(3)) + [UInt8](repeating: 0, count: 12))),
    BrokenFile("half a count", .malformedPickle, FileBytes.legacy(body, storages: [4, 0, 0])),
    BrokenFile("a view beyond its storage", .malformedTensor, FileBytes.legacy(view(offset: 2, count: 3))),
    BrokenFile("a view of a negative offset", .malformedTensor, FileBytes.legacy(view(offset: -1, count: 2))),
    BrokenFile("a tensor beyond its view", .malformedTensor, FileBytes.legacy(view(offset: 1, count: 1))),
    BrokenFile(
      "a storage class that is not known", .malformedTensor,
      FileBytes.legacy(
        PickleBytes.tensor(
          PickleBytes.storage("0", count: 4, class: "StrangeStorage"), size: PickleBytes.numbers(4),
          stride: PickleBytes.numbers(1)))),
  ]

  /// Two floats of a view of storage "0".
  private static func view(offset: Int, count: Int) -> [UInt8] {
    let view = PickleBytes.tuple(PickleBytes.text("v"), PickleBytes.integer(offset), PickleBytes.integer(count))
    return PickleBytes.tensor(
      PickleBytes.storage("0", count: 4, view: view), size: PickleBytes.numbers(2), stride: PickleBytes.numbers(1))
  }

  static let tar: [BrokenFile] = [
    BrokenFile("no storages", .notACheckpoint, FileBytes.torchTar(without: "storages")),
    BrokenFile("no sys_info", .notACheckpoint, FileBytes.torchTar(without: "sys_info")),
    BrokenFile(
      "a header whose sum is wrong", .malformedArchive,
      {
        var bytes = FileBytes.torchTar()
        bytes[0] ^= 1
        return bytes
      }()),
    BrokenFile("a member that is cut short", .truncated, Array(FileBytes.torchTar().prefix(515))),
    BrokenFile(
      "a negative count of storages", .malformedHeader,
      FileBytes.torchTar(replacing: ["storages": FileBytes.tarStorages(count: -1)])),
    BrokenFile(
      "more storages than there are", .malformedHeader,
      FileBytes.torchTar(replacing: ["storages": FileBytes.tarStorages(count: 60)])),
    BrokenFile(
      "a storage of -2 elements", .malformedHeader,
      FileBytes.torchTar(replacing: ["storages": FileBytes.tarStorages(elements: -2)])),
    BrokenFile(
      "a storage of more than its member", .truncated,
      FileBytes.torchTar(replacing: ["storages": FileBytes.tarStorages(elements: 1 << 40)])),
    BrokenFile(
      "a view of no storage", .malformedHeader,
      FileBytes.torchTar(
        replacing: ["storages": FileBytes.tarStorages(views: PickleBytes.list(PickleBytes.numbers(8, 9, 0, 1)))])),
    BrokenFile(
      "a view beyond its storage", .malformedHeader,
      FileBytes.torchTar(
        replacing: ["storages": FileBytes.tarStorages(views: PickleBytes.list(PickleBytes.numbers(8, 7, 1, 2)))])),
    BrokenFile(
      "a tensor of no storage", .missingRecord,
      FileBytes.torchTar(replacing: ["tensors": FileBytes.tarTensors(storage: 9)])),
    BrokenFile(
      "a tensor of -1 dimensions", .malformedHeader,
      FileBytes.torchTar(replacing: ["tensors": FileBytes.tarTensors(dimensions: -1)])),
    BrokenFile(
      "a tensor of two thousand million dimensions", .malformedHeader,
      FileBytes.torchTar(replacing: ["tensors": FileBytes.tarTensors(dimensions: 2_000_000_000)])),
    BrokenFile(
      "a tensor beyond its storage", .malformedTensor,
      FileBytes.torchTar(replacing: ["tensors": FileBytes.tarTensors(offset: 1)])),
    BrokenFile(
      "a tensor of a negative offset", .malformedTensor,
      FileBytes.torchTar(replacing: ["tensors": FileBytes.tarTensors(offset: -1)])),
    BrokenFile(
      "a persistent id of no tensor", .malformedTensor,
      FileBytes.torchTar(replacing: ["pickle": PickleBytes.whole(PickleBytes.text("5") + Array("Q".utf8))])),
  ]

  static let npy: [BrokenFile] = [
    BrokenFile("version 9", .malformedHeader, FileBytes.npy("{}", version: 9)),
    BrokenFile("a header longer than the file", .truncated, Array(FileBytes.npy("{'descr': '<f4'}").prefix(20))),
    BrokenFile("an expression", .malformedHeader, header("(__import__('os'),)")),
    BrokenFile("a call", .malformedHeader, header("tuple()")),
    BrokenFile("no shape", .malformedHeader, FileBytes.npy("{'descr': '<f4', 'fortran_order': False}")),
    BrokenFile("a key twice", .malformedHeader, FileBytes.npy("{'descr': '<f4', 'descr': '<f4'}")),
    BrokenFile("a text without its end", .malformedHeader, FileBytes.npy("{'descr")),
    BrokenFile("something after the dict", .malformedHeader, header("(1,)", after: "()")),
    BrokenFile("a negative size", .malformedTensor, header("(-1,)")),
    BrokenFile("2^64 elements", .malformedHeader, header("(18446744073709551616,)")),
    BrokenFile("2^62 elements", .truncated, header("(4611686018427387904, 4)")),
    BrokenFile("one element too few", .truncated, header("(2,)", data: 4)),
    BrokenFile("Python objects", .unsupported, header("(1,)", type: "'|O'")),
    BrokenFile("texts", .unsupported, header("(1,)", type: "'<U4'")),
    BrokenFile("records", .unsupported, header("(1,)", type: "[('a', '<f4')]")),
    BrokenFile("brackets a thousand deep", .malformedHeader, header(String(repeating: "(", count: 1000))),
  ]

  private static func header(
    _ shape: String, type: String = "'<f4'", after: String = "", data: Int = 4
  ) -> [UInt8] {
    FileBytes.npy(
      "{'descr': \(type), 'fortran_order': False, 'shape': \(shape), }\(after)",
      data: [UInt8](repeating: 0, count: data))
  }

  static let script: [BrokenFile] = [
    BrokenFile(
      "constants that lie in no record", .missingRecord,
      FileBytes.torch(
        body, more: [(name: "archive/constants.pkl", bytes: PickleBytes.whole(PickleBytes.tuple(PickleBytes.vector)))])),
    BrokenFile(
      "constants that are no pickle", .malformedPickle,
      FileBytes.torch(body, more: [(name: "archive/constants.pkl", bytes: [1, 2, 3])])),
    BrokenFile("a model.json that is no JSON", .malformedHeader, model("{")),
    BrokenFile("a model.json without a module", .malformedHeader, model("{}")),
    BrokenFile(
      "a parameter of no tensor", .malformedHeader,
      model(#"{"mainModule": {"parameters": [{"name": "w", "tensorId": "3"}]}}"#)),
    BrokenFile(
      "a negative number of a tensor", .malformedHeader,
      model(#"{"mainModule": {"parameters": [{"name": "w", "tensorId": "-1"}]}}"#)),
    BrokenFile(
      "a table's tensor without its record", .missingRecord, model(table("FLOAT", dims: "1", key: "tensors/9"))),
    BrokenFile("a table's tensor of an unknown type", .malformedHeader, model(table("STRING", dims: "1"))),
    BrokenFile("a table's tensor beyond its record", .malformedTensor, model(table("FLOAT", dims: "9"))),
    BrokenFile("a table's tensor of a negative size", .malformedTensor, model(table("FLOAT", dims: "-1"))),
    BrokenFile(
      "modules a thousand deep", .malformedHeader,
      model(
        #"{"mainModule": "# + String(repeating: #"{"submodules": [{"name": "m"}, "#, count: 2000)
          + "{}" + String(repeating: "]}", count: 2000) + "}")),
  ]

  private static func model(_ json: String) -> [UInt8] {
    FileBytes.zip([
      (name: "net/model.json", bytes: Array(json.utf8)), (name: "net/tensors/0", bytes: [0, 0, 128, 63]),
    ])
  }

  private static func table(_ type: String, dims: String, key: String = "tensors/0") -> String {
    #"{"mainModule": {}, "tensors": [{"dims": ["\#(dims)"], "strides": ["1"], "dataType": "\#(type)", "data": {"key": "\#(key)"}}]}"#
  }

  @Test("Legacy files are refused for", arguments: legacy)
  func brokenLegacy(_ file: BrokenFile) { file.expectRefusal() }

  @Test("Tar files are refused for", arguments: tar)
  func brokenTar(_ file: BrokenFile) { file.expectRefusal() }

  @Test("Npy files are refused for", arguments: npy)
  func brokenNpy(_ file: BrokenFile) { file.expectRefusal() }

  @Test("TorchScript archives are refused for", arguments: script)
  func brokenScript(_ file: BrokenFile) { file.expectRefusal() }

  @Test("A legacy file cut short anywhere is refused")
  func cutLegacy() {
    let bytes = FileBytes.legacy(Self.body)
    for length in 1..<bytes.count {
      let error = #expect(throws: CheckpointError.self) {
        try BrokenFile("cut", .truncated, Array(bytes.prefix(length))).read()
      }
      #expect(
        [.truncated, .malformedPickle, .notACheckpoint].contains(error?.code), "\(length): \(String(describing: error))"
      )
    }
  }
}
