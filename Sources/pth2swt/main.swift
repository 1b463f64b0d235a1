import Foundation
import TorchCheckpoints
import StateDicts
for path in CommandLine.arguments.dropFirst() {
  do { let c = try Checkpoint(path: path); print(path, c.format.rawValue, c.tensors.count); let s = try c.stateDict(); print(s.count, s.names.prefix(2), s.ties.count)
    try s.write(toPath: "/tmp/b/out.swt", options: .init(overwrites: true))
    let f = try s.fingerprint(); let t = try loadStateDict(url: .init(fileURLWithPath: "/tmp/b/out.swt")).fingerprint(); print(f == t, f.changes(since: t).prefix(3))
  } catch { print(path, error) }
}
