import Foundation
import Testing

@testable import StateDicts

struct MachineMemoryTests {
  @Test(
    "The limit of a control group is the lowest on the way up",
    arguments: [
      ("0::/a/b\n", ["sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "1000\n"], 1000),
      ("0::/a/b\n", ["sys/fs/cgroup/a/b/memory.max": "500\n", "sys/fs/cgroup/a/memory.max": "1000\n"], 500),
      ("0::/\n", ["sys/fs/cgroup/memory.max": "700\n"], 700),
      ("0::/outside/of/the/container\n", ["sys/fs/cgroup/memory.max": "700\n"], 700),
      (
        "3:cpu:/x\n9:hugetlb,memory:/docker/b\n",
        [
          "sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes": "300\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ], 300
      ),
      ("0::/a\n", ["sys/fs/cgroup/a/memory.max": "max\n"], nil), ("junk\n::\n", [:], nil), (nil, [:], nil),
    ] as [(String?, [String: String], Int?)])
  func groupLimit(_ groups: String?, _ files: [String: String], _ expected: Int?) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    var files = files
    if let groups { files["proc/self/cgroup"] = groups }
    for (path, text) in files {
      let url = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
    #expect(MachineMemory.groupLimit(root: FilePath(root)) == expected)
  }

  @Test("The machine has memory")
  func machine() {
    #expect(MachineMemory.byteCount > 1 << 20)
  }
}
