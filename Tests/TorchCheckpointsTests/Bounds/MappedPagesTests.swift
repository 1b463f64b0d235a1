#if os(Linux)
  import Foundation
  import StateDicts
  import Testing
  import TorchCheckpoints

  /// What was mapped for headers would otherwise count as memory for as long as the checkpoint is open: up to 2 MiB for each access,
  /// 214 MiB for a folder of 8 files of torch.distributed.checkpoint with 100 tensors each.
  @Suite("Pages that stay mapped")
  struct MappedPagesTests {
    @Test(
      "a checkpoint that was opened has no page of its files in memory",
      arguments: [
        "distributed/fsdp", "shards/bin", "state_dicts/lightning.pth", "safetensors_files/state_dict.safetensors",
      ])
    func none(path: String) throws {
      let folder = try TemporaryFolder()
      let place = folder.url.appendingPathComponent("checkpoint")
      try FileManager.default.copyItem(at: Repository.fixture(path), to: place)
      var options = CheckpointOptions()
      options.mapping = .mapped
      let checkpoint = try Checkpoint(contentsOf: place, options: options)
      try withExtendedLifetime(checkpoint) {
        // The one that describes the others is read by itself.
        let mapped = try Self.mappings(below: place).filter {
          !$0.mapping.hasSuffix(".metadata") && !$0.mapping.hasSuffix(".json")
        }
        #expect(!mapped.isEmpty)
        #expect(mapped.allSatisfy { $0.residentByteCount == 0 }, "\(mapped)")
      }
    }

    /// The mapped files at and below a place, and what `/proc/self/smaps` says is in memory of each.
    private static func mappings(below place: URL) throws -> [(mapping: String, residentByteCount: Int)] {
      var found: [(mapping: String, residentByteCount: Int)] = []
      var isOne = false
      for line in try ProcessFile.text("smaps").split(separator: "\n") {
        // A mapping begins with its addresses and may end with its path; its figures have names with capital letters.
        if line.first?.isUppercase == false {
          isOne = line.contains(place.resolvingSymlinksInPath().path)
          if isOne { found.append((String(line), 0)) }
        } else if isOne, line.hasPrefix("Rss:") {
          let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
          found[found.count - 1].residentByteCount = try #require(kibibytes) << 10
        }
      }
      return found
    }
  }
#endif
