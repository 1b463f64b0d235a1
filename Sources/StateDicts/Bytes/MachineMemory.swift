#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The memory that this process can use.
package enum MachineMemory {
  /// The size of the machine's memory, or the limit of the process's control group (a container, a service) if that is lower.
  ///
  /// The corresponding C function is `sysconf`.
  package static var byteCount: Int {
    let (machine, overflows) = max(sysconf(CInt(_SC_PHYS_PAGES)), 0).multipliedReportingOverflow(by: Int(getpagesize()))
    return min(overflows ? .max : machine, groupLimit(root: FilePath("/")) ?? .max)
  }

  /// The lowest memory limit of the process's control group and of the groups around it; nil if there is none.
  ///
  ///     /proc/self/cgroup     0::/system.slice/a.service     version 2: /sys/fs/cgroup/…/memory.max
  ///                           9:memory:/docker/b             version 1: /sys/fs/cgroup/memory/…/memory.limit_in_bytes
  ///
  /// A container often sees its own group as the root, under a path that only exists outside, so missing files are skipped.
  ///
  /// Source: Linux's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
  static func groupLimit(root: FilePath) -> Int? {
    var lowest: Int?
    for line in lines(root.appending(FilePath("proc/self/cgroup"))) {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isVersion2 = parts[1].isEmpty
      guard isVersion2 || parts[1].split(separator: ",").contains("memory") else { continue }
      let top = root.appending(FilePath(isVersion2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory"))
      var groups = parts[2].split(separator: "/")
      while true {
        let folder = groups.reduce(top) { $0.appending(FilePath(String($1))) }
        let file = folder.appending(FilePath(isVersion2 ? "memory.max" : "memory.limit_in_bytes"))
        if let limit = lines(file).first.flatMap({ Int($0) }) { lowest = min(lowest ?? limit, limit) }
        if groups.popLast() == nil { break }
      }
    }
    return lowest
  }

  /// The lines of a small file; none if it cannot be read.
  private static func lines(_ file: FilePath) -> [Substring] {
    guard let bytes = try? file.contents(limit: 1 << 13) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
