import Foundation
import Testing

@testable import StateDicts

/// What is there while a checkpoint is written, and what stays of one that was not finished.
struct SafeWritingTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var shards: WriteOptions {
    var options = WriteOptions()
    options.maxShardByteCount = 16
    return options
  }

  private var resumed: WriteOptions {
    var options = shards
    options.resumes = true
    return options
  }

  private func stateDict(_ values: [Float] = [1, 2, 3]) throws -> StateDict {
    try StateDict(values.enumerated().map { ("t\($0)", try floats([$1, $1, $1, $1])) })
  }

  /// The same with a last tensor whose bytes do not have their CRC-32.
  private func damaged() throws -> StateDict {
    let bad = Storage(
      .region(ByteStore(copying: [UInt8](repeating: 7, count: 16)), offset: 0), byteCount: 16, key: "2",
      checksum: Checksum(), origin: StorageOrigin(file: "bad"))
    let tensor = Tensor(
      elementType: .float32, geometry: TensorGeometry(contiguous: [4], elementCount: 4), storage: bad)
    return try StateDict(Array(stateDict([1, 2])) + [("t2", tensor)])
  }

  private static let names = (1...3).map { "model-0000\($0)-of-00003.safetensors" } + ["model.safetensors.index.json"]

  private func files(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).sorted()
  }

  #if os(Linux)
    @Test("a new folder of shards is not there before it is whole, and nothing is beside it")
    func newFolder() throws {
      let url = folder.url
      let seen = Locked(Set<String>())
      try stateDict().write(toPath: folder.path("out/"), options: shards) { _ in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? ["?"]
        seen.withLock { $0.formUnion(names) }
      }
      #expect(seen.withLock { $0 } == [])
      #expect(try folder.names == ["out"])
      #expect(try files("out") == Self.names)
    }
  #endif

  @Test("a damaged source leaves nothing; with resumes, the shards that are whole")
  func damagedSource() throws {
    #expect(throws: CheckpointError(.checksumMismatch, "")) {
      try damaged().write(toPath: folder.path("out"), options: shards)
    }
    #expect(try folder.names == [])
    #expect(throws: CheckpointError(.checksumMismatch, "")) {
      try damaged().write(toPath: folder.path("out"), options: resumed)
    }
    #expect(try files("out") == Array(Self.names.prefix(2)))
    let report = try stateDict().write(toPath: folder.path("out"), options: resumed)
    #expect(report.resumed == Array(Self.names.prefix(2)))
    try stateDict().write(toPath: folder.path("whole"), options: shards)
    for name in Self.names { #expect(try folder.contents("out/\(name)") == folder.contents("whole/\(name)")) }
    #expect(try stateDict().write(toPath: folder.path("out"), options: resumed).resumed == Self.names)
  }

  @Test("a shard with other bytes than the source's is not taken up, and replaced only where that is asked for")
  func otherShard() throws {
    try stateDict().write(toPath: folder.path("out"), options: resumed)
    let other = try stateDict([1, 9, 3])
    let error = #expect(throws: CheckpointError(.outputExists, "")) {
      try other.write(toPath: folder.path("out"), options: resumed)
    }
    #expect(error?.message.contains("t1 has other values") == true)
    var options = resumed
    options.overwrites = true
    let report = try other.write(toPath: folder.path("out"), options: options)
    #expect(report.resumed.contains(Self.names[0]) && !report.resumed.contains(Self.names[1]))
    try other.write(toPath: folder.path("whole"), options: shards)
    for name in Self.names { #expect(try folder.contents("out/\(name)") == folder.contents("whole/\(name)")) }
  }

  @Test("a folder with other files is not taken up")
  func otherFiles() throws {
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    try folder.write([1], "out/precious.txt")
    let error = #expect(throws: CheckpointError(.outputExists, "")) {
      try stateDict().write(toPath: folder.path("out"), options: resumed)
    }
    #expect(error?.message.contains("precious.txt") == true)
  }

  // MARK: - Space

  /// More bytes than any disk has.
  private struct Huge: StorageContents {
    func load() throws(CheckpointError) -> ByteStore { throw CheckpointError(.outOfMemory, "") }
    func forEachWindow(
      _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) { throw CheckpointError(.outOfMemory, "") }
  }

  @Test("an output that has no room is refused before a byte is read", arguments: ["m.safetensors", "m.pth", "m.npz"])
  func space(_ name: String) throws {
    let count = 1 << 55
    let storage = Storage(.lazy(Huge()), byteCount: count, key: "0", origin: .memory)
    let tensor = Tensor(
      elementType: .uint8, geometry: TensorGeometry(contiguous: [count], elementCount: count), storage: storage)
    let stateDict = try StateDict([("w", tensor)])
    let error = #expect(throws: CheckpointError(.inputOutput, "")) { try stateDict.write(toPath: folder.path(name)) }
    #expect(error?.message.hasPrefix("The output needs 360287970189") == true)
    #expect(error?.message.contains("are available") == true)
    #expect(throws: CheckpointError(.inputOutput, "")) {
      try stateDict.write(toPath: folder.path("out"), options: shards)
    }
    #expect(try folder.names == [])
  }

  // MARK: - Reading back

  @Test("each format is read back and compared", arguments: ["m.safetensors", "m.swt", "m.pth", "m.npz", "out"])
  func verified(_ name: String) throws {
    var options = name == "out" ? shards : WriteOptions()
    options.verifies = true
    #expect(try stateDict().write(toPath: folder.path(name), options: options).isVerified)
  }

  @Test("a byte that differs anywhere is found", arguments: [OutputFormat.swt, .pth, .npz])
  func differences(_ format: OutputFormat) throws {
    var options = WriteOptions()
    options.format = format
    try stateDict().write(toPath: folder.path("m"), options: options)
    let plan = try OutputPlan(stateDict(), as: format, options)
    let bytes = try folder.contents("m")
    let path = FilePath(folder.path("m"))
    #expect(try OutputCheck(plan.files[0], at: path).difference(nil) == nil)
    for place in stride(from: 0, to: bytes.count, by: max(bytes.count / 97, 1)) {
      var changed = bytes
      changed[place] ^= 0x40
      try folder.write(changed, "m")
      #expect(try OutputCheck(plan.files[0], at: path).difference(nil) != nil, "byte \(place)")
    }
    for changed in [bytes + [0], Array(bytes.dropLast()), []] {
      try folder.write(changed, "m")
      #expect(try OutputCheck(plan.files[0], at: path).difference(nil) != nil)
    }
  }
}
