import Foundation
import Testing

@testable import StateDicts

/// Several processes that write one output, in any order, and again.
struct WorkerTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Ten tensors of different sizes, two of them tied, half of them converted with losses.
  private func stateDict(_ first: Float = 0) throws -> StateDict {
    var tensors: [(String, Tensor)] = []
    for number in 0..<10 {
      let tensor = try floats((0..<(8 + number)).map { first + Float(number) + Float($0) / 3 })
      tensors.append(("t\(number)", number.isMultiple(of: 2) ? tensor : try tensor.converted(to: .bfloat16)))
    }
    tensors.append(("tied", tensors[4].1))
    return try StateDict(tensors)
  }

  private func options(_ worker: (Int, Int)?) -> WriteOptions {
    var options = WriteOptions()
    options.maxShardByteCount = 60
    options.worker = worker.flatMap { WriteOptions.Worker(number: $0.0, count: $0.1) }
    return options
  }

  private func files(_ name: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(name))
    return Dictionary(
      uniqueKeysWithValues: try names.map { file in
        let path = FilePath(folder.path(name) + "/" + file)
        return (file, path.isFolder ? [] : try path.contents())
      })
  }

  /// The files of a single process.
  private func expected() throws -> [String: [UInt8]] {
    try stateDict().write(toPath: folder.path("single"), options: options(nil))
    return try files("single")
  }

  @discardableResult
  private func work(_ number: Int, of count: Int, _ name: String = "out") throws -> WriteReport.Share {
    try #require(try stateDict().write(toPath: folder.path(name), options: options((number, count))).share)
  }

  @Test("items are dealt out by size: each once, and no share is larger than another by more than an item")
  func shares() throws {
    let sizes = (0..<100).map { ($0 * 7919) % 1000 * 1_000_000 }
    for count in [1, 2, 3, 7, 64, 200] {
      let shares = try (0..<count).map { try #require(WriteOptions.Worker(number: $0, count: count)).share(of: sizes) }
      #expect(shares.flatMap(\.self).sorted() == Array(sizes.indices))
      let sums = shares.map { $0.reduce(0) { $0 + sizes[$1] } }
      #expect((sums.max() ?? 0) - (sums.min() ?? 0) <= 999_000_000)
    }
    #expect(WriteOptions.Worker(number: 4, count: 4) == nil && WriteOptions.Worker(number: -1, count: 4) == nil)
    #expect(WriteOptions.Worker(number: 3, count: 4)?.share(of: []) == [])
    // Files of no size are dealt out too.
    #expect(WriteOptions.Worker(number: 1, count: 2)?.share(of: [0, 0, 0, 0]).count == 2)
  }

  @Test(
    "in any order, the last writes the index, and the bytes are those of a single process",
    arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [0], [1, 0], Array((0..<20).reversed())])
  func orders(_ order: [Int]) throws {
    let expected = try expected()
    for number in order {
      let share = try work(number, of: order.count)
      #expect(share.isComplete == (number == order.last))
      let hasIndex = FileManager.default.fileExists(atPath: folder.path("out/model.safetensors.index.json"))
      #expect(hasIndex == share.isComplete)
    }
    #expect(try files("out") == expected)
    // Anyone who runs again finds all there, and leaves nothing.
    for number in order { #expect(try work(number, of: order.count).isComplete) }
    #expect(try files("out") == expected)
  }

  /// The tensors of a file.
  private func stored(_ first: Float) throws -> StateDict {
    let path = folder.path("source\(first).swt")
    var options = WriteOptions(expandsTies: true)
    options.overwrites = true
    try stateDict(first).write(toPath: path, options: options)
    return try StateDict(contentsOf: URL(fileURLWithPath: path))
  }

  @Test("a shard that somebody else wrote for another conversion is not taken for whole")
  func otherConversion() throws {
    // Of values that have the same layout.
    var other = options((1, 3))
    let left = try #require(stored(5).write(toPath: folder.path("out"), options: other).share)
    #expect(!left.isComplete && !left.files.isEmpty)
    let source = try stored(0)
    for number in [0, 2] {
      let share = try source.write(toPath: folder.path("out"), options: options((number, 3))).share
      #expect(share?.isComplete == false)
    }
    #expect(throws: CheckpointError(.outputExists, "")) {
      try source.write(toPath: folder.path("out"), options: other)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("out/model.safetensors.index.json")))
    other.overwrites = true
    #expect(try source.write(toPath: folder.path("out"), options: other).share?.isComplete == true)
    try source.write(toPath: folder.path("single"), options: options(nil))
    #expect(try files("out") == files("single"))
  }

  @Test("an old checkpoint is replaced with overwrites, and loses its index before its first file")
  func overwrites() throws {
    try stateDict(5).write(toPath: folder.path("out"), options: options(nil))
    try folder.write([1], "out/model.safetensors")
    #expect(throws: CheckpointError(.outputExists, "")) { try work(0, of: 2) }
    for number in 0..<2 {
      var options = options((number, 2))
      options.overwrites = true
      let share = try #require(stateDict().write(toPath: folder.path("out"), options: options).share)
      #expect(share.isComplete == (number == 1))
      #expect(FileManager.default.fileExists(atPath: folder.path("out/model.safetensors.index.json")) == (number == 1))
    }
    #expect(try files("out") == expected())
  }

  @Test("records that are gone, and what killed processes left, do not matter")
  func leftovers() throws {
    let expected = try expected()
    try work(0, of: 2)
    for name in try files("out").keys where name.hasPrefix(".pth2swt-") {
      try FileManager.default.removeItem(atPath: folder.path("out/" + name))
    }
    let name = try #require(files("out").keys.first)
    try folder.write([1, 2, 3], "out/.\(name).77-123.tmp")
    #expect(try work(1, of: 2).isComplete)
    #expect(try files("out") == expected)
    // A file that was removed is written again by its worker.
    let lost = try #require(try work(0, of: 2).files.first)
    try FileManager.default.removeItem(atPath: folder.path("out/" + lost))
    try work(0, of: 2)
    #expect(try files("out") == expected)
  }

  @Test("the share of a damaged source stays undone, and the others' stay")
  func damaged() throws {
    let bad = Storage(
      .region(ByteStore(copying: [UInt8](repeating: 7, count: 64)), offset: 0), byteCount: 64, key: "2",
      checksum: Checksum(), origin: StorageOrigin(file: "bad"))
    let geometry = try TensorGeometry(
      shape: [16], strides: [1], offset: 0, elementByteCount: 4, storageByteCount: 64)
    let stateDict = try StateDict([
      ("a", floats([1, 2, 3, 4])), ("b", Tensor(elementType: .float32, geometry: geometry, storage: bad)),
    ])
    // The larger one is worker 0's.
    #expect(throws: CheckpointError(.checksumMismatch, "")) {
      try stateDict.write(toPath: folder.path("out"), options: options((0, 2)))
    }
    let share = try stateDict.write(toPath: folder.path("out"), options: options((1, 2))).share
    #expect(share?.isComplete == false)
    #expect(try files("out").keys.filter { !$0.hasPrefix(".") } == ["model-00002-of-00002.safetensors"])
  }

  @Test("workers at the same time, and twice, race safely", arguments: [2, 5])
  func races(_ count: Int) throws {
    let expected = try expected()
    for round in 0..<10 {
      let name = "out\(round)"
      // Each number twice.
      let complete = try concurrentMap(Array(0..<2 * count)) { try work($0 % count, of: count, name).isComplete }
      #expect(complete.contains(true))
      for number in 0..<count { try work(number, of: count, name) }
      #expect(try files(name) == expected, "round \(round)")
    }
  }

  @Test("an output of one file is one worker's", arguments: ["m.pth", "m.swt", "m.npz"])
  func singleFile(_ name: String) throws {
    var options = WriteOptions()
    try floatsOnly().write(toPath: folder.path("single-" + name), options: options)
    options.worker = WriteOptions.Worker(number: 1, count: 2)
    let second = try floatsOnly().write(toPath: folder.path(name), options: options)
    #expect(second.share?.files == [] && second.share?.isComplete == false)
    options.worker = WriteOptions.Worker(number: 0, count: 2)
    for isAgain in [false, true] {
      let first = try floatsOnly().write(toPath: folder.path(name), options: options)
      #expect(first.share?.files == [name] && first.share?.isComplete == true)
      #expect(first.resumed == (isAgain ? [name] : []))
    }
    #expect(try folder.contents(name) == folder.contents("single-" + name))
  }

  private func floatsOnly() throws -> StateDict {
    try StateDict([("a", floats([1, 2, 3])), ("b", floats([4]))])
  }

  @Test("what is taken up lost as much as when it was written")
  func losses() throws {
    var resumed = options(nil)
    resumed.resumes = true
    let written = try stateDict().write(toPath: folder.path("out"), options: resumed).casts
    let taken = try stateDict().write(toPath: folder.path("out"), options: resumed).casts
    #expect(written.contains { $0.rounded > 0 })
    #expect(written.map(\.rounded) == taken.map(\.rounded) && written.map(\.name) == taken.map(\.name))
  }
}
