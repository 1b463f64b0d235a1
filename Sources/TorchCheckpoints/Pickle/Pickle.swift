import StateDicts

/// What a pickle says, as data: an arena of nodes that refer to each other by number.
///
/// Nothing of it was called. What Python would call is kept as an object's record: the callable's name, its arguments,
/// its state. A node that was fetched twice from the memo is one node, so shared values stay shared, and a value that
/// is nested a million deep is freed like any array.
final class Pickle: Sendable {
  /// A node's number.
  struct ID: Hashable, Sendable {
    let index: Int32
  }

  /// Bytes of the pickle, or, at a negative start, of `decoded`.
  struct Slice: Hashable, Sendable {
    let start: Int
    let count: UInt32
  }

  enum Node: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits: two's complement, little-endian.
    case bigInteger(Slice)
    case float(Double)
    case text(Slice)
    /// A `str` of Python 2, which may be text or bytes.
    case byteText(Slice)
    case bytes(Slice)
    case bytearray(Slice)
    /// Items `start..<start + count` of `items`.
    case tuple(start: Int, count: UInt32)
    case frozenset(start: Int, count: UInt32)
    /// An index into `sequences`; negative while it is empty.
    case list(Int)
    case set(Int)
    /// An index into `sequences`, with keys and values in turn; negative while it is empty.
    case dict(Int)
    /// An index into `globals`.
    case global(Int)
    /// An index into `objects`.
    case object(Int)
    /// An index into `persistentIDs`.
    case persistent(Int)
  }

  /// A name that Python would import.
  struct Global: Hashable, Sendable {
    /// Stands for a module or name that is made only while the pickle is run, so that nobody can read it here.
    static let computed = "<computed>"
    let module: String
    let name: String
    var qualifiedName: String { "\(module).\(name)" }
  }

  /// What would be called to make an object, and what would be done to it.
  struct Object: Sendable {
    var callable: ID
    /// A tuple.
    var arguments: ID
    /// A dict, from NEWOBJ_EX.
    var keywords: ID?
    /// What BUILD gave.
    var state: ID?
    /// From APPENDS and ADDITEMS, in `sequences`; negative if none.
    var items = -1
    /// From SETITEMS, in `sequences`: keys and values in turn; negative if none.
    var entries = -1
  }

  let store: ByteStore
  private let held: HeldBytes?
  /// Where the pickle begins and ends in `store`; it ends after STOP, whatever follows.
  let range: Range<Int>
  /// The end of all that it lays claim to: of a frame, which may reach beyond STOP.
  let reach: Int
  let proto: Int
  let root: ID
  let nodes: [Node]
  let items: [ID]
  let sequences: [[ID]]
  let globals: [Global]
  let objects: [Object]
  let persistentIDs: [ID]
  let decoded: [UInt8]
  /// Whether a string has an unpaired surrogate, which is shown as an escape.
  let hasHalfPairs: Bool

  init(
    store: ByteStore, held: HeldBytes?, range: Range<Int>, reach: Int, proto: Int, root: ID, nodes: [Node], items: [ID],
    sequences: [[ID]], globals: [Global], objects: [Object], persistentIDs: [ID], decoded: [UInt8],
    hasHalfPairs: Bool
  ) {
    self.store = store
    self.held = held
    self.range = range
    self.reach = reach
    self.proto = proto
    self.root = root
    self.nodes = nodes
    self.items = items
    self.sequences = sequences
    self.globals = globals
    self.objects = objects
    self.persistentIDs = persistentIDs
    self.decoded = decoded
    self.hasHalfPairs = hasHalfPairs
  }

  subscript(id: ID) -> Node { nodes[Int(id.index)] }

  /// The bytes of a slice as a string.
  func text(_ slice: Slice) -> String {
    if hasHalfPairs { return PythonText.text(bytes(slice)) }
    if slice.start < 0 {
      let start = -1 - slice.start
      return String(decoding: decoded[start..<start + Int(slice.count)], as: UTF8.self)
    }
    return store.text(slice.start..<slice.start + Int(slice.count))
  }

  /// The bytes of a slice.
  func bytes(_ slice: Slice) -> [UInt8] {
    if slice.start < 0 {
      let start = -1 - slice.start
      return Array(decoded[start..<start + Int(slice.count)])
    }
    return store.array(slice.start..<slice.start + Int(slice.count))
  }

  /// The first bytes of a slice.
  func bytes(_ slice: Slice, atMost count: Int) -> [UInt8] {
    bytes(Slice(start: slice.start, count: min(slice.count, UInt32(clamping: count))))
  }

  /// A `str` of Python 2 as a string: UTF-8 if valid, otherwise latin-1.
  func byteText(_ slice: Slice) -> String {
    let bytes = bytes(slice)
    return String(validating: bytes, as: UTF8.self)
      ?? bytes.reduce(into: "") { $0.unicodeScalars.append(Unicode.Scalar($1)) }
  }

  /// A hash of a string's bytes (FNV-1a).
  ///
  /// It tells most others apart, and no more is asked.
  func hash(_ slice: Slice) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    if slice.start < 0 {
      let start = -1 - slice.start
      for byte in decoded[start..<start + Int(slice.count)] { add(byte) }
    } else {
      let range = slice.start..<slice.start + Int(slice.count)
      guard (try? store.hold(range)) != nil else { return hash }
      defer { store.release(range) }
      unsafe store.withUnsafeBytes { bytes in
        for place in range { unsafe add(bytes[place]) }
      }
    }
    return hash
  }

  // MARK: - Nodes as what they usually are

  func text(at id: ID) -> String? {
    switch self[id] {
    case .text(let slice): text(slice)
    case .byteText(let slice): byteText(slice)
    default: nil
    }
  }

  /// Whether a node is a string with these characters.
  ///
  /// Most strings differ in length, so that none of their bytes is read.
  func isText(_ id: ID, _ text: String) -> Bool {
    switch self[id] {
    case .text(let slice) where !hasHalfPairs: Int(slice.count) == text.utf8.count && self.text(slice) == text
    // Bytes that are no UTF-8 become more of them as text.
    case .text, .byteText: self.text(at: id) == text
    default: false
    }
  }

  /// The first bytes of a string as text; empty for any other node.
  func head(ofText id: ID, count: Int) -> String {
    switch self[id] {
    case .text(let slice): text(Slice(start: slice.start, count: min(slice.count, UInt32(clamping: count))))
    case .byteText(let slice): byteText(Slice(start: slice.start, count: min(slice.count, UInt32(clamping: count))))
    default: ""
    }
  }

  /// The number of bytes of `bytes` or a `bytearray`.
  func byteCount(at id: ID) -> Int? {
    switch self[id] {
    case .bytes(let slice), .bytearray(let slice): Int(slice.count)
    default: nil
    }
  }

  func integer(at id: ID) -> Int? {
    if case .integer(let value) = self[id] { value } else { nil }
  }

  func bool(at id: ID) -> Bool? {
    if case .bool(let value) = self[id] { value } else { nil }
  }

  func global(at id: ID) -> Global? {
    if case .global(let index) = self[id] { globals[index] } else { nil }
  }

  func object(at id: ID) -> Object? {
    if case .object(let index) = self[id] { objects[index] } else { nil }
  }

  /// The items of a tuple or list.
  func sequence(at id: ID) -> ArraySlice<ID>? {
    switch self[id] {
    case .tuple(let start, let count), .frozenset(let start, let count): items[start..<start + Int(count)]
    case .list(let index), .set(let index): index < 0 ? [] : sequences[index][...]
    default: nil
    }
  }

  /// Keys and values in turn, of a dict or of what SETITEMS gave an object.
  func flatEntries(at id: ID) -> [ID]? {
    switch self[id] {
    case .dict(let index): index < 0 ? [] : sequences[index]
    case .object(let index): objects[index].entries < 0 ? nil : sequences[objects[index].entries]
    default: nil
    }
  }
}
