#if os(Linux)
  import Foundation
  import Glibc
  import StateDicts
  import Testing
  import TorchCheckpoints

  /// What loads leave behind in a process of their own: descriptors, mappings and memory are counted, no time is measured.
  struct LeakTests {
    @Test("1,000 loads in one process leave no descriptor, no mapping and no memory behind")
    func loads() async throws {
      let result = try await #require(
        processExitsWith: .success, observing: [\.standardOutputContent]
      ) {
        var paths = try Self.fixtures()
        // Once by itself, so that what is made once for the process is there.
        for path in paths { Self.load(path) }
        let before = try Held()
        while paths.count < 1000 { paths += paths.prefix(1000 - paths.count) }
        for path in paths { Self.load(path) }
        let after = try Held()
        print("\(paths.count) loads: before \(before), after \(after)")
        #expect(after.descriptors == before.descriptors)
        // A sanitizer keeps what was freed, and finds leaks itself.
        guard before.byteCount > 0 else { return }
        // An arena or a stack of a thread that ended may be kept for the next one.
        #expect(after.mappings <= before.mappings + 8)
        #expect(after.byteCount <= before.byteCount + 100_000, "more than 100 bytes a load")
        #expect(after.residentByteCount <= before.residentByteCount + (32 << 20))
      }
      print(String(decoding: result.standardOutputContent, as: UTF8.self).split(separator: "\n").last ?? "")
    }

    /// Every fixture of every reader, good and broken.
    private static func fixtures() throws -> [String] {
      let folders = UnmappedTests.fileFolders + ["distributed", "dtensors", "ranks", "shards", "wrapped", "zero"]
      return try folders.flatMap { folder in
        try FileManager.default.contentsOfDirectory(atPath: Repository.fixture(folder).path).sorted()
          .map { Repository.fixture(folder + "/" + $0).path }
      }
    }

    /// Opens a file and reads all of it, or as much as it is worth.
    private static func load(_ path: String) {
      guard let checkpoint = try? Checkpoint(path: path) else { return }
      _ = try? checkpoint.stateDict().fingerprint()
      _ = try? checkpoint.verify(values: [.nan])
    }
  }

  /// What the process holds at one moment.
  private struct Held: CustomStringConvertible {
    let descriptors: Int
    let mappings: Int
    /// The memory that was allocated and not freed.
    let byteCount: Int
    let residentByteCount: Int

    init() throws {
      descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      mappings = try ProcessFile.text("maps").split(separator: "\n").count
      let pages = try ProcessFile.text("statm").split(separator: " ")
      residentByteCount = (Int(pages[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
      byteCount = try Self.allocatedByteCount()
    }

    var description: String {
      "\(descriptors) descriptors, \(mappings) mappings, \(byteCount) bytes allocated, \(residentByteCount) resident"
    }

    /// What glibc's `malloc_info` says of all arenas: what they have from the system without what is free, and what is mapped for itself.
    ///
    /// 0 under a sanitizer, which has an allocator of its own.
    private static func allocatedByteCount() throws -> Int {
      var text: UnsafeMutablePointer<CChar>?
      var size = 0
      let stream = try unsafe #require(open_memstream(&text, &size))
      typealias Function = @convention(c) (CInt, UnsafeMutablePointer<FILE>) -> CInt
      let symbol = try unsafe #require(dlsym(UnsafeMutableRawPointer(bitPattern: 0), "malloc_info"))
      _ = unsafe unsafeBitCast(symbol, to: Function.self)(0, stream)
      unsafe fclose(stream)
      defer { unsafe free(text) }
      let report = try unsafe String(cString: #require(text))
      // The totals follow the heaps.
      let totals = report.components(separatedBy: "</heap>").last ?? ""
      func total(_ element: String) -> Int {
        guard let line = totals.split(separator: "\n").first(where: { $0.hasPrefix("<\(element)") }) else { return 0 }
        return line.components(separatedBy: "size=\"").last.flatMap { Int($0.prefix { $0 != "\"" }) } ?? 0
      }
      return total("system type=\"current\"") - total("total type=\"fast\"") - total("total type=\"rest\"")
        + total("total type=\"mmap\"")
    }
  }
#endif
