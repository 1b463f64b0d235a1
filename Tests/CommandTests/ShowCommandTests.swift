import Foundation
import StateDicts
import Testing

/// What `show` prints of the values in a file.
@Suite struct ShowCommandTests {
  let folder: TemporaryFolder
  let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("values.swt")
    try StateDict([
      ("conv.weight", Tensor((0..<4000).map { 100 + Float($0) * 0.25 }, shape: [40, 100])),
      ("conv.bias", Tensor([.nan, -.infinity, 1.5] as [Float], shape: [3])),
      ("bn.running_var", Tensor([1e-7, 2.5, 1e9] as [Double], shape: [3])),
      ("steps", Tensor([7, -120, 3, 4] as [Int64], shape: [2, 2])),
      ("mask", Tensor([true, false], shape: [2])),
      ("scale", Tensor([0.1] as [Float], shape: [])),
    ]).write(to: URL(fileURLWithPath: file))
  }

  @Test(
    "values are printed as numpy prints them",
    arguments: [
      ("conv.bias", "conv.bias: float32 [3]\n[ nan -inf  1.5]\n"),
      ("bn.running_var", "bn.running_var: float64 [3]\n[1.0e-07 2.5e+00 1.0e+09]\n"),
      ("steps", "steps: int64 [2, 2]\n[[   7 -120]\n [   3    4]]\n"),
      ("mask", "mask: bool [2]\n[ True False]\n"),
      ("scale", "scale: float32 []\n0.1\n"),
    ])
  func values(_ name: String, _ text: String) throws {
    let run = try Command("show", file, name)
    #expect(run.output == text && run.code == 0)
  }

  @Test("of more than 1000 elements the corners are printed, with --all every one")
  func corners() throws {
    #expect(
      try Command("show", file, "conv.weight").output == """
        conv.weight: float32 [40, 100]
        [[ 100.    100.25  100.5  ...  124.25  124.5   124.75]
         [ 125.    125.25  125.5  ...  149.25  149.5   149.75]
         [ 150.    150.25  150.5  ...  174.25  174.5   174.75]
         ...
         [1025.   1025.25 1025.5  ... 1049.25 1049.5  1049.75]
         [1050.   1050.25 1050.5  ... 1074.25 1074.5  1074.75]
         [1075.   1075.25 1075.5  ... 1099.25 1099.5  1099.75]]

        """)
    let all = try Command("show", "--all", file, "conv.weight").output
    #expect(!all.contains("...") && all.contains("1099.75]]"))
    #expect(all.split(separator: "\n").allSatisfy { $0.utf8.count <= 75 })
  }

  @Test(
    "--slice takes a part as numpy's indices do",
    arguments: [
      ("0, :3", "[3]\n[100.   100.25 100.5 ]\n"), ("-1,-1", "[]\n1099.75\n"),
      ("38:, ::50", "[2, 2]\n[[1050.  1062.5]\n [1075.  1087.5]]\n"),
      ("[..., 5:5]", "[40, 0]\n[]\n"),
    ])
  func slice(_ slice: String, _ text: String) throws {
    let run = try Command("show", file, "conv.weight", "--slice", slice)
    #expect(run.output.hasSuffix(" is " + text) && run.code == 0, "\(run.output)\(run.errors)")
  }

  @Test(
    "a slice that does not fit is a usage error that says why",
    arguments: [
      ("40", "Index 40 of --slice is outside dimension 0 of shape [40, 100], whose size is 40."),
      ("0,0,0", "has 3 dimensions; the tensor of shape [40, 100] has 2."), ("::-1", "must be positive, not -1."),
      ("a:b", "is not a slice such as"), ("1:2:3:4", "is not a slice such as"), ("...,...", "is not a slice such as"),
    ])
  func malformedSlice(_ slice: String, _ message: String) throws {
    let run = try Command("show", file, "conv.weight", "--slice", slice)
    #expect(run.code == 64 && run.errors.contains(message), "\(run.errors)")
  }

  @Test("patterns name several tensors, and a wrong name has similar ones")
  func names() throws {
    let run = try Command("show", file, "conv.*", "mask", "--slice", "0")
    let heads = run.lines.filter { $0.contains(": ") }
    let names = heads.map { String($0.prefix { $0 != ":" }) }
    #expect(names == ["conv.weight", "conv.bias", "mask"])
    let wrong = try Command("show", file, "conv.wieght")
    #expect(wrong.code == 66)
    #expect(wrong.errors.contains("No tensor is named conv.wieght.") && wrong.errors.contains("try: conv.weight"))
  }

  private struct Shown<Value: Decodable>: Decodable {
    let name: String
    let dtype: String
    let shape: [Int]
    let slice: String?
    let values: Value
  }

  @Test("--json has all values as arrays of arrays")
  func json() throws {
    let steps = try Command("show", "--json", file, "steps").json(Shown<[[Int]]>.self)
    #expect(steps.values == [[7, -120], [3, 4]] && steps.dtype == "int64" && steps.shape == [2, 2])
    let weight = try Command("show", "--json", file, "conv.weight").json(Shown<[[Double]]>.self)
    let wanted: [Double] = (0..<4000).map { 100 + Double($0) * 0.25 }
    #expect(Array(weight.values.joined()) == wanted)
    let bias = try Command("show", "--json", file, "conv.bias", "--slice", "0:2").json(Shown<[String]>.self)
    #expect(bias.values == ["NaN", "-Infinity"] && bias.slice == "0:2")
    #expect(try Command("show", "--json", file, "*").lines.count == 6)
  }

  @Test("a tensor without elements of its own is shown by its components")
  func compositions() throws {
    let sparse = try Command("show", fixturePath("composite_tensors/sparse_csr.pth"), "*")
    #expect(sparse.code == 0 && sparse.output.contains(" crow_indices: int64 ["), "\(sparse.output)\(sparse.errors)")
    let quantized = try Command("show", fixturePath("composite_tensors/quantized_per_tensor.pth"), "*")
    #expect(quantized.code == 0 && quantized.output.contains("  scale = "), "\(quantized.output)\(quantized.errors)")
  }

  @Test("what is not shown is not read: a file whose other bytes are holes of 1 TB takes no time and no memory")
  func huge() throws {
    let header = #"{"w":{"dtype":"F32","shape":[1000000,250000],"data_offsets":[0,1000000000000]}}"#
    let path = folder.path("huge.safetensors")
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    try folder.write(length + Array(header.utf8), "huge.safetensors")
    let handle = try FileHandle(forWritingTo: folder.url.appending(path: "huge.safetensors"))
    // Not every file system has files of this size.
    guard (try? handle.truncate(atOffset: UInt64(8 + header.utf8.count) + 1_000_000_000_000)) != nil else { return }
    let run = try ChildRun(Command.path, ["show", path, "w", "--slice", "::2,1:"], output: folder.path("out")).end()
    #expect(run.code == 0 && run.peakByteCount < 100 << 20)
    #expect(
      try String(decoding: folder.contents("out"), as: UTF8.self).contains(
        " is [500000, 249999]\n[[0. 0. 0. ... 0. 0. 0.]\n"))
  }

  @Test("more than a million elements are refused, with what to do")
  func limit() throws {
    try StateDict([("w", Tensor([Float](repeating: 0, count: 1_000_001), shape: [1_000_001]))])
      .write(to: URL(fileURLWithPath: folder.path("many.swt")))
    let run = try Command("show", "--all", folder.path("many.swt"), "w")
    #expect(run.code == 65 && run.errors.contains("1,000,001 elements of w") && run.errors.contains("--slice"))
    #expect(try Command("show", folder.path("many.swt"), "w").output.hasSuffix("[0. 0. 0. ... 0. 0. 0.]\n"))
  }

  private static let python = ProcessInfo.processInfo.environment["PTH2SWT_PYTHON"]

  @Test(
    "tensors of every type, shape and spread of values are printed as numpy prints them",
    .enabled(if: python != nil, "PTH2SWT_PYTHON names no Python with torch and numpy (make reference)"))
  func numpy() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [
      Repository.testData.appending(path: "check_shown.py").path, try Command.path, folder.url.path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains(" compared, 0 differ"))
  }
}
