import Foundation
import Testing

@testable import StateDicts

/// Which format is written, and what each needs beside tensors.
struct FormatTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("the extension says the format, whatever its case")
  func extensions() {
    let formats: [(String, OutputFormat?)] = [
      ("m.pth", .pth), ("m.PT", .pth), ("m.bin", .pth), ("m.pth.tar", .pth), ("m.tar", nil), ("m.swt", .swt),
      ("m.safetensors", .safetensors), ("a.pth/m.npz", .npz), ("m.npy", .npy), ("m", nil), ("a.pth/m", nil),
      (".npz", .npz), ("m.txt", nil),
    ]
    for (name, format) in formats { #expect(OutputFormat(nameOf: FilePath(name)) == format, "\(name)") }
  }

  @Test("a name that says no format is refused before anything is written, unless the options say one")
  func noExtension() throws {
    let stateDict = try StateDict([("w", floats([1]))])
    let error = #expect(throws: CheckpointError(.unsupported, "")) {
      try stateDict.write(toPath: folder.path("m.onnx"))
    }
    #expect(error?.remedy?.contains(".pth") == true)
    #expect(try folder.names.isEmpty)
    var options = WriteOptions()
    options.format = .npz
    try stateDict.write(toPath: folder.path("m.onnx"), options: options)
    #expect(try folder.contents("m.onnx").starts(with: [0x50, 0x4B, 3, 4]))
  }

  @Test("a .npy file holds the one array, with numpy's header to a multiple of 64")
  func oneArray() throws {
    try StateDict([("w", floats([1, 2, 3, 4, 5, 6], [2, 3]))]).write(toPath: folder.path("m.npy"))
    let bytes = try folder.contents("m.npy")
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    let header = "\u{1}\u{0}v\u{0}\(text)\(String(repeating: " ", count: 117 - text.utf8.count))\n"
    #expect(bytes == [0x93] + Array("NUMPY".utf8) + Array(header.utf8) + littleEndian([1, 2, 3, 4, 5, 6] as [Float]))
  }

  @Test("two tensors make no .npy file")
  func twoArrays() throws {
    let stateDict = try StateDict([("a", floats([1])), ("b", floats([2]))])
    #expect(throws: CheckpointError(.unsupported, "")) { try stateDict.write(toPath: folder.path("m.npy")) }
    #expect(try folder.names.isEmpty)
  }

  @Test("a dtype that numpy lacks is refused by name, or left out")
  func numpyTypes() throws {
    let stateDict = try StateDict([("a", floats([1])), ("b", tensor(.bfloat16, [1], [0, 0]))])
    let error = #expect(throws: CheckpointError(.unsupported, "")) { try stateDict.write(toPath: folder.path("m.npz")) }
    #expect(error?.details == ["b: numpy has no dtype for bfloat16"])
    let report = try stateDict.write(
      toPath: folder.path("m.npz"), options: WriteOptions(leavesOutUnsupported: true))
    #expect(report.written == ["a"] && report.leftOut.map(\.name) == ["b"])
  }

  @Test("other values without a place are named")
  func notKept() throws {
    var stateDict = try StateDict([("w", floats([1]))])
    stateDict.metadata.otherValues = ["epoch": .integer(7)]
    #expect(try stateDict.write(toPath: folder.path("m.npz")).notKept.map(\.name) == ["epoch"])
    #expect(try stateDict.write(toPath: folder.path("m.pth")).notKept.isEmpty)
    stateDict.metadata.otherValues = [
      "args": .object(["class": .string("argparse.Namespace"), "$object": .bool(true)]),
      "lr": .number(0.1),
    ]
    let report = try stateDict.write(toPath: folder.path("n.pth"))
    #expect(report.notKept == [LeftOut("args", reason: "an object of class argparse.Namespace")])
  }
}
