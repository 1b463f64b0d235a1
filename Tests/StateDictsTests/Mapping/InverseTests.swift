import Foundation
import Testing

@testable import StateDicts

/// Maps and their inverses: what a map makes, taken back, has every name, dtype, shape and byte again.
struct InverseTests {
  private typealias Seeded = ElementGridTests.Seeded

  private static let types: [ElementType] = [
    .float32, .float32, .float16, .bfloat16, .float64, .uint8, .int64, .bool, .complex64, .float8_e5m2,
  ]

  /// A view of random strides; numbers small enough to be no NaN in any type.
  private func randomTensor(_ numbers: inout Seeded) throws -> Tensor {
    let type = Self.types.randomElement(using: &numbers) ?? .float32
    let shape = (0..<Int.random(in: 0...4, using: &numbers)).map { _ in
      Int.random(in: 0..<12, using: &numbers) == 0 ? 0 : Int.random(in: 1...4, using: &numbers)
    }
    var strides = shape
    var next = 1
    let isOrdered = Bool.random(using: &numbers)
    for axis in isOrdered ? Array(shape.indices.reversed()) : shape.indices.shuffled(using: &numbers) {
      strides[axis] = next
      next *= max(shape[axis], 1) * (isOrdered ? 1 : Int.random(in: 1...2, using: &numbers))
    }
    let bytes = (0..<(next + 2) * type.byteCount).map { _ in UInt8.random(in: 0...1, using: &numbers) }
    return try view(
      storage(bytes), type, shape, strides: strides, offset: Int.random(in: 0...2, using: &numbers),
      requiresGrad: false)
  }

  private func stateDict(_ numbers: inout Seeded) throws -> StateDict {
    var elements: [StateDict.Element] = []
    for group in 0..<Int.random(in: 1...3, using: &numbers) {
      let first = try randomTensor(&numbers)
      for number in 0..<Int.random(in: 1...3, using: &numbers) {
        // Tied, alike, or another.
        let next = [first, try StateDict([("x", first)]).tensors[0].contiguous(), try randomTensor(&numbers)]
        elements.append(("g\(group).\(number).w", next.randomElement(using: &numbers) ?? first))
      }
    }
    return try StateDict(elements)
  }

  /// A step that may fit.
  private func step(_ stateDict: StateDict, _ round: Int, _ numbers: inout Seeded) -> TensorMap.Step? {
    guard let place = stateDict.indices.randomElement(using: &numbers) else { return nil }
    let (name, tensor) = stateDict[place]
    let shape = tensor.shape
    let pattern = NamePattern(Bool.random(using: &numbers) ? name : "g*")
    let star = name.split(separator: ".").first.map { NamePattern("\($0).*") } ?? pattern
    let dimension = Int.random(in: -shape.count...max(shape.count - 1, 0), using: &numbers)
    switch Int.random(in: 0..<9, using: &numbers) {
    case 0:
      return (try? KeyMap.Renaming(from: star, to: NamePattern("g\(round)r.*"))).map { .rename(KeyMap([$0])) }
    case 1: return .cast([pattern], to: [.float64, .float32].randomElement(using: &numbers) ?? .float64)
    case 2: return .permute([pattern], axes: Array(shape.indices).shuffled(using: &numbers))
    case 3:
      let shapes = [[-1], [1, -1], Array(shape.reversed()), shape + [1], [2, -1]]
      return .reshape([pattern], shape: shapes.randomElement(using: &numbers) ?? [-1])
    case 4:
      guard !shape.isEmpty else { return nil }
      let size = shape[dimension < 0 ? dimension + shape.count : dimension]
      let first = Int.random(in: 0...size, using: &numbers)
      return .split(
        NamePattern(name), dimension: dimension, into: ["\(name).a", "\(name).b"].map { NamePattern($0) },
        sizes: [first, size - first])
    case 5:
      return .split(
        pattern, dimension: dimension,
        into: (pattern.starCount == 0 ? ["\(name).h", "\(name).i"] : ["g*.h", "g*.i"]).map { NamePattern($0) },
        sizes: nil)
    case 6:
      let others = stateDict.indices.filter {
        $0 != place && stateDict.tensors[$0].shape == shape && stateDict.tensors[$0].elementType == tensor.elementType
      }
      let parts = ([place] + others.shuffled(using: &numbers).prefix(2)).map { NamePattern(stateDict.names[$0]) }
      return .concat(parts, dimension: dimension, into: NamePattern("g\(round)c.0.w"))
    case 7:
      return (try? NumberedPattern("g*.#.w")).map {
        .stack($0, dimension: dimension, into: NamePattern("g*.s\(round)"))
      }
    default:
      return (try? NumberedPattern("\(name).#.w")).map { .unstack(NamePattern(name), dimension: dimension, into: $0) }
    }
  }

  /// A map of steps that fit, with how many of each kind.
  private func map(_ stateDict: StateDict, _ numbers: inout Seeded, _ kinds: inout [String: Int]) -> TensorMap {
    var steps: [TensorMap.Step] = []
    var current = stateDict
    for round in 0..<30 where steps.count < 6 {
      guard let step = step(current, round, &numbers), let next = try? current.converted(by: TensorMap([step])),
        (try? next.inverse()) != nil
      else { continue }
      steps.append(step)
      current = next.stateDict
      kinds[step.verb, default: 0] += 1
    }
    return TensorMap(steps)
  }

  private func expectSame(_ left: StateDict, _ right: StateDict, _ comment: String) throws {
    #expect(Set(left.names) == Set(right.names), "\(comment)")
    for (name, tensor) in left {
      guard let other = right[name] else { continue }
      let isSame =
        try other.elementType == tensor.elementType && other.shape == tensor.shape && other.gathered == tensor.gathered
      #expect(isSame, "\(name): \(tensor) became \(other) by \(comment)")
    }
  }

  @Test("1,000 random maps on random tensors are undone by their inverses, byte for byte")
  func random() throws {
    var numbers = Seeded(state: 12)
    var kinds: [String: Int] = [:]
    for _ in 0..<1000 {
      let original = try stateDict(&numbers)
      let map = map(original, &numbers, &kinds)
      let conversion = try original.converted(by: map)
      let inverse = try conversion.inverse()
      // As the flags write it and read it.
      let back = try conversion.stateDict.converted(by: TensorMap(parsing: inverse.text)).stateDict
      try expectSame(original, back, map.text + inverse.text)
    }
    #expect(kinds.count == 8 && kinds.values.allSatisfy { $0 > 50 }, "\(kinds)")
  }

  @Test("what random maps make is written as it is read: whole, by windows, and to every format")
  func written() throws {
    var numbers = Seeded(state: 99)
    var kinds: [String: Int] = [:]
    let folder = try TemporaryFolder()
    for _ in 0..<100 {
      let original = try stateDict(&numbers)
      let made = try original.converted(by: map(original, &numbers, &kinds)).stateDict
      for (_, tensor) in made { #expect(try tensor.gathered == tensor.windowed) }
      let path = folder.path("out.swt")
      try made.write(toPath: path, options: WriteOptions(overwrites: true))
      try expectSame(made, StateDict(contentsOf: URL(fileURLWithPath: path)), "writing")
    }
  }

  private func inverse(_ names: [String], shape: [Int] = [2, 2], _ steps: String) throws -> String {
    let stateDict = try StateDict(names.map { ($0, try floats([1, 2, 3, 4], shape)) })
    let inverse = try stateDict.converted(by: TensorMap(parsing: "[\(steps)]")).inverse()
    return inverse.steps.map(\.json.text).joined(separator: " ")
  }

  @Test("an inverse has patterns where they fit, and whole names where they would match more")
  func patterns() throws {
    let concat = #"{"concat":["l.*.q","l.*.k"],"dim":0,"into":"l.*.qk"}"#
    let split = #"{"split":"l.*.qk","dim":0,"into":["l.*.q","l.*.k"]}"#
    #expect(try inverse(["l.0.q", "l.0.k", "l.1.q", "l.1.k"], concat) == split)
    #expect(
      try inverse(["l.0.q", "l.0.k", "l.x.qk"], concat) == #"{"split":"l.0.qk","dim":0,"into":["l.0.q","l.0.k"]}"#)
    #expect(try inverse(["l.0.qk"], split) == concat)
    #expect(
      try inverse(["a.x", "b.y"], #"{"rename":"a.*","to":"b.*"}"#) == #"{"rename":"b.x","to":"a.x"}"#)
    #expect(
      try inverse(["e.0.w", "e.1.w"], #"{"stack":"e.#.w","dim":0,"into":"w"}"#)
        == #"{"unstack":"w","dim":0,"into":"e.#.w"}"#)
    #expect(
      try inverse(["w"], #"{"permute":"w","axes":[1,0]},{"reshape":"*","shape":[-1]}"#)
        == #"{"reshape":"*","shape":[2,2]} {"permute":"w","axes":[1,0]}"#)
    let mixed = try StateDict([
      ("a", floats([1])), ("b", tensor(.float16, [1], littleEndian([UInt16(0)]))),
      ("c", tensor(.float64, [1], littleEndian([1.0]))),
    ])
    let cast = try mixed.converted(by: TensorMap(parsing: #"[{"cast": "*", "to": "float64"}]"#)).inverse()
    #expect(
      cast.steps.map(\.json.text) == [#"{"cast":"a","to":"float32"}"#, #"{"cast":"b","to":"float16"}"#])
  }

  @Test(
    "a step that loses something has no inverse",
    arguments: [
      (#"{"drop": "a"}"#, "it leaves out 1 tensors"),
      (#"{"cast": "a", "to": "float16"}"#, "float16 does not hold all values of float32"),
    ])
  func lossy(step: String, reason: String) throws {
    let stateDict = try StateDict([("a", floats([1])), ("b", floats([1]))])
    let map = try TensorMap(parsing: #"[{"rename": "b", "to": "c"}, \#(step)]"#)
    let conversion = try stateDict.converted(by: map)
    let error = #expect(throws: CheckpointError.self) { try conversion.inverse() }
    #expect(error?.code == .unsupported)
    #expect(error?.message == "Step 2, \(map.steps[1].json.text): it cannot be undone: \(reason).")
  }

  @Test("the map and its inverse are in the metadata of the output")
  func metadata() throws {
    let stateDict = try StateDict([("a", floats([1]))])
    let folder = try TemporaryFolder()
    let map = try TensorMap(parsing: #"[{"rename": "a", "to": "b"}]"#)
    try stateDict.converted(by: map).stateDict.write(toPath: folder.path("b.swt"))
    let read = try StateDict(contentsOf: folder.url.appending(path: "b.swt"))
    #expect(
      read.metadata.annotations["map"]?.text
        == #"[{"steps":[{"rename":"a","to":"b"}],"inverse":[{"rename":"b","to":"a"}]}]"#)
  }
}
