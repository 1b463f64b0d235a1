/// Pickles built instruction by instruction, so that a test can say exactly what is wrong with one.
enum PickleBytes {
  static let none: [UInt8] = Array("N".utf8)
  static let yes: [UInt8] = [0x88]
  static let no: [UInt8] = [0x89]

  static func whole(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + [0x2E] }

  static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }

  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + little(Int64(value)) }

  /// An integer of one byte.
  static func small(_ value: UInt8) -> [UInt8] { [0x4B, value] }

  static func float(_ value: Double) -> [UInt8] { [0x47] + little(value.bitPattern).reversed() }

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func tuple(_ items: [UInt8]...) -> [UInt8] { Array("(".utf8) + items.flatMap { $0 } + Array("t".utf8) }

  static func numbers(_ items: Int...) -> [UInt8] {
    Array("(".utf8) + items.flatMap { integer($0) } + Array("t".utf8)
  }

  static func list(_ items: [UInt8]...) -> [UInt8] { list(items) }

  static func list(_ items: [[UInt8]]) -> [UInt8] { Array("](".utf8) + items.flatMap { $0 } + Array("e".utf8) }

  static func dict(_ entries: (String, [UInt8])...) -> [UInt8] {
    Array("}(".utf8) + entries.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
  }

  static func call(_ callable: [UInt8], _ arguments: [UInt8]...) -> [UInt8] {
    callable + Array("(".utf8) + arguments.flatMap { $0 } + Array("tR".utf8)
  }

  /// What `copyreg.__newobj__` and a state make.
  static func object(_ module: String, _ name: String, state: [UInt8]) -> [UInt8] {
    global(module, name) + [0x29, 0x81] + state + Array("b".utf8)
  }

  static func storage(
    _ key: String, count: Int, class name: String = "FloatStorage", view: [UInt8]? = nil
  ) -> [UInt8] {
    let parts = text("storage") + global("torch", name) + text(key) + text("cpu") + integer(count) + (view ?? [])
    return Array("(".utf8) + parts + Array("tQ".utf8)
  }

  static func tensor(
    _ storage: [UInt8], offset: Int = 0, size: [UInt8], stride: [UInt8]
  ) -> [UInt8] {
    call(global("torch._utils", "_rebuild_tensor_v2"), storage, integer(offset), size, stride, no, none)
  }

  /// The first `count` floats of a storage that has as many, or another view of it.
  static func floats(
    _ key: String = "0", count: Int = 2, class name: String = "FloatStorage", offset: Int = 0, size: [UInt8]? = nil,
    stride: [UInt8]? = nil
  ) -> [UInt8] {
    tensor(
      storage(key, count: count, class: name), offset: offset, size: size ?? numbers(count),
      stride: stride ?? numbers(1))
  }

  /// Four floats of storage "0", to stand for any sound part.
  static let vector = tensor(storage("0", count: 4), size: numbers(4), stride: numbers(1))

  static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    var value = value
    return (0..<value.bitWidth / 8).map { _ in
      defer { value = value >> 8 }
      return UInt8(truncatingIfNeeded: value)
    }
  }
}
