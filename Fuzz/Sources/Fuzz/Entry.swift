#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What this process fuzzes: the program is started under the name of a target.
private nonisolated(unsafe) var run: (target: Target, harness: Harness)?

/// Chooses the target.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
  let path = unsafe arguments.pointee[0].map { unsafe String(cString: $0) } ?? ""
  let name = path.split(separator: "/").last.map(String.init) ?? ""
  guard let target = Target(rawValue: name),
    let harness = try? Harness(contradiction: { fatalError("CONTRADICTION: \($0)") })
  else {
    print("Start this program under one of these names: \(Target.allCases.map(\.rawValue).joined(separator: " "))")
    exit(64)
  }
  unsafe run = (target, harness)
  atexit { unsafe run = nil }
  return 0
}

/// Runs the target on one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let (target, harness) = unsafe run else { return 0 }
  harness.run(target, unsafe Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}

/// Changes one part of a structured file, whose lengths and checksums are made anew, so that changes reach what is in the
/// parts; one input in eight is changed as plain bytes.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
  guard let target = unsafe run?.target, seed % 8 != 0,
    let structure = unsafe target.structure(of: Array(UnsafeBufferPointer(start: data, count: count))),
    let changed = structure.mutated(seed: Int(seed / 8)), changed.count <= limit
  else { return unsafe mutateBytes(data, count, limit) }
  for (place, byte) in changed.enumerated() { unsafe data[place] = byte }
  return changed.count
}

/// Puts a part of one structured file into another.
@_cdecl("LLVMFuzzerCustomCrossOver")
public func crossOver(
  _ first: UnsafePointer<UInt8>, _ firstCount: Int, _ second: UnsafePointer<UInt8>, _ secondCount: Int,
  _ result: UnsafeMutablePointer<UInt8>, _ limit: Int, _ seed: UInt32
) -> Int {
  guard let target = unsafe run?.target,
    let one = unsafe target.structure(of: Array(UnsafeBufferPointer(start: first, count: firstCount))),
    let other = unsafe target.structure(of: Array(UnsafeBufferPointer(start: second, count: secondCount))),
    let joined = one.joined(with: other, seed: Int(seed)), joined.count <= limit
  else { return 0 }
  for (place, byte) in joined.enumerated() { unsafe result[place] = byte }
  return joined.count
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

extension Structure {
  fileprivate func mutated(seed: Int) -> [UInt8]? {
    guard !parts.isEmpty else { return nil }
    var copy = self
    // Most of what a file says is in its first pickle or JSON text.
    let telling = parts.firstIndex { part in Self.tellingEnds.contains { part.name.ends(with: $0) } } ?? 0
    let place = seed % 4 != 0 ? telling : seed / 4 % parts.count
    switch seed / 4 % 64 {
    case 0: copy.parts.remove(at: place)
    case 1: copy.parts.append(parts[place])
    case 2: copy.parts.swapAt(place, seed / 256 % parts.count)
    case 3, 4: copy.parts[place].name = Self.mutated(parts[place].name, by: 16)
    default: copy.parts[place].bytes = Self.mutated(parts[place].bytes, by: 256)
    }
    return copy.file
  }

  fileprivate func joined(with other: some Structure, seed: Int) -> [UInt8]? {
    guard !parts.isEmpty, !other.parts.isEmpty else { return nil }
    var copy = self
    let part = other.parts[seed / 8 % other.parts.count]
    if seed % 8 == 0 {
      copy.parts.append(part)
    } else {
      copy.parts[seed / 64 % parts.count].bytes = part.bytes
    }
    return copy.file
  }

  private static var tellingEnds: [[UInt8]] {
    [".pkl", ".json", ".metadata", "IHDR", ".npy"].map { Array($0.utf8) }
  }

  private static func mutated(_ bytes: [UInt8], by room: Int) -> [UInt8] {
    var buffer = bytes + [UInt8](repeating: 0, count: room)
    let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe mutateBytes($0, bytes.count, buffer.count) } ?? 0
    }
    return Array(buffer.prefix(count))
  }
}

extension [UInt8] {
  fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
