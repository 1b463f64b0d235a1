import StateDicts

/// Runs a pickle's instructions on a stack of node numbers.
///
/// It builds values and calls nothing.
///
///     80 02                    PROTO 2
///     7d 71 00                 EMPTY_DICT, BINPUT 0        stack: {}
///     58 01 00 00 00 77        BINUNICODE "w"              stack: {} "w"
///     4b 07                    BININT1 7                   stack: {} "w" 7
///     73                       SETITEM                     stack: {"w": 7}
///     2e                       STOP
///
/// Source: Python's `pickletools.py` (the instructions) and `pickle.py` (what each does to the stack).
struct PickleMachine: ~Copyable {
  let store: ByteStore
  /// Keeps the instructions in memory, of which strings are read later.
  let held: HeldBytes?
  private let limits: CheckpointLimits
  /// Whether to continue after an error, to list the globals of a broken pickle.
  private let isTolerant: Bool
  /// What was wrong first.
  private var firstError: CheckpointError?
  private var errorCount = 0
  /// After how many errors a broken pickle is given up.
  private static let errorLimit = 10_000
  var nodes: [Pickle.Node] = []
  var items: [Pickle.ID] = []
  var sequences: [[Pickle.ID]] = []
  var globals: [Pickle.Global] = []
  private var globalNumbers: [Pickle.Global: Int] = [:]
  var objects: [Pickle.Object] = []
  private var persistentIDs: [Pickle.ID] = []
  var decoded: [UInt8] = []
  /// Whether a string has an unpaired surrogate.
  var hasHalfPairs = false

  var stack: [Pickle.ID] = []
  /// Heights of the stack, one for each MARK on it.
  private var marks: [Int] = []
  private var memo = Memo()
  private var proto = 0
  /// Where the instruction at work begins.
  private var position = 0
  /// The end of the frame that reaches furthest.
  private var frameEnd = 0
  var costs: PickleCosts

  init(store: ByteStore, limits: CheckpointLimits, isTolerant: Bool = false) {
    self.store = store
    held = HeldBytes(store)
    self.limits = limits
    self.isTolerant = isTolerant
    costs = PickleCosts(limits)
  }

  /// Reads one pickle from the start of `range`.
  ///
  /// - Throws: `malformedPickle` with the byte's offset in `range`, `limitExceeded`.
  static func run(_ store: ByteStore, _ range: Range<Int>, limits: CheckpointLimits) throws(CheckpointError) -> Pickle {
    guard range.count <= limits.pickleByteCount else {
      throw CheckpointError.overLimit("The pickle has \(range.count) bytes; the limit is \(limits.pickleByteCount).")
    }
    var machine = PickleMachine(store: store, limits: limits)
    // A value takes about nine bytes; the range may be far longer than the pickle.
    machine.nodes.reserveCapacity(min(range.count / 8, 1 << 20))
    do {
      let pickle = try machine.run(range)
      try limits.spending?.add(pickleByteCount: machine.memoryByteCount, limits)
      return pickle
    } catch var error {
      error.offset = (error.offset ?? machine.position) - range.lowerBound
      throw error
    }
  }

  /// Reads one pickle as far as it can be followed, broken or not: for what it names.
  ///
  /// Behind an instruction that is wrong it goes on with the next one, as a reader may that is less strict; where that
  /// is not to be found, it ends. The offset of the error is counted from the start of `store`.
  static func trace(
    _ store: ByteStore, _ range: Range<Int>, limits: CheckpointLimits
  ) -> (pickle: Pickle, error: CheckpointError?) {
    var machine = PickleMachine(store: store, limits: limits, isTolerant: true)
    let end = range.lowerBound + min(range.count, limits.pickleByteCount)
    do {
      return (try machine.run(range.lowerBound..<end), machine.firstError)
    } catch {
      machine.stack = []
      machine.nodes.append(.none)
      let root = Pickle.ID(index: Int32(truncatingIfNeeded: machine.nodes.count - 1))
      return (machine.pickle(range.lowerBound..<machine.position, root: root), machine.firstError ?? error)
    }
  }

  private mutating func run(_ range: Range<Int>) throws(CheckpointError) -> Pickle {
    let store = store
    let opcodes = Opcode.byCode
    var instructionCount = 0
    var cursor = ByteCursor(store.bytes.extracting(first: range.upperBound), at: range.lowerBound, held: held)
    while true {
      position = cursor.position
      guard cursor.remaining > 0 else {
        throw CheckpointError(
          .malformedPickle, "The pickle has no STOP.", offset: position, remedy: CheckpointError.cutShort)
      }
      let code = try cursor.read(UInt8.self)
      guard let opcode = opcodes[Int(code)] else {
        throw malformed("Unknown pickle instruction 0x\(String(code, radix: 16)).")
      }
      if opcode == .stop { break }
      if isTolerant {
        try stepTolerantly(opcode, &cursor)
      } else {
        try step(opcode, &cursor)
      }
      guard nodes.count <= limits.pickleValueCount else {
        throw CheckpointError.overLimit("The pickle has more than \(limits.pickleValueCount) values.")
      }
      instructionCount += 1
      if instructionCount % PickleCosts.interval == 0 {
        try AwaitedWork.check()
        try costs.require(instructionCount: instructionCount, memoryByteCount: memoryByteCount)
        costs.release(store, upTo: position)
      }
    }
    Work.add(instructionCount)
    let end = cursor.position
    position = end
    return try pickle(range.lowerBound..<end, root: pop())
  }

  private func pickle(_ range: Range<Int>, root: Pickle.ID) -> Pickle {
    Pickle(
      store: store, held: held, range: range, reach: max(range.upperBound, frameEnd), proto: proto,
      root: root, nodes: nodes, items: items, sequences: sequences, globals: globals, objects: objects,
      persistentIDs: persistentIDs, decoded: decoded, hasHalfPairs: hasHalfPairs)
  }

  /// One instruction; what is wrong with it is kept, and its place on the stack held by None.
  private mutating func stepTolerantly(_ opcode: Opcode, _ cursor: inout ByteCursor) throws(CheckpointError) {
    var end = cursor
    try opcode.skipOperand(&end)
    do {
      try step(opcode, &cursor)
    } catch {
      firstError = firstError ?? error
      errorCount += 1
      guard errorCount < Self.errorLimit else { throw error }
      if opcode.pushesOperand { try push(.none) }
      cursor = end
    }
  }

  // One case an instruction: as long as the instruction set, and flat.
  mutating func step(_ opcode: Opcode, _ cursor: inout ByteCursor) throws(CheckpointError) {
    switch opcode {
    case .proto:
      let version = try cursor.read(UInt8.self)
      guard version <= 5 else { throw malformed("Unknown pickle protocol \(version); the newest is 5.") }
      proto = Int(version)
    case .frame:
      let length = try cursor.read(UInt64.self)
      guard length <= UInt64(cursor.remaining) else {
        throw malformed("A frame has \(length) bytes, but only \(cursor.remaining) are left.")
      }
      frameEnd = max(frameEnd, cursor.position + Int(length))
    case .stop: break

    case .none: try push(.none)
    case .newtrue: try push(.bool(true))
    case .newfalse: try push(.bool(false))
    case .binint: try push(.integer(Int(cursor.read(Int32.self))))
    case .binint1: try push(.integer(Int(cursor.read(UInt8.self))))
    case .binint2: try push(.integer(Int(cursor.read(UInt16.self))))
    case .long1: try pushLong(cursor.take(Int(cursor.read(UInt8.self))))
    case .long4: try pushLong(cursor.take(Int(cursor.read(Int32.self))))
    case .binfloat: try push(.float(Double(bitPattern: UInt64(bigEndian: cursor.read(UInt64.self)))))
    case .int: try pushInt(line: cursor.line())
    case .long: try pushLong(line: cursor.line())
    case .float: try pushFloat(line: cursor.line())

    case .string: try push(.byteText(unquoted(cursor.line())))
    case .unicode: try push(.text(unescaped(cursor.line())))
    case .binstring: try push(.byteText(slice(cursor.take(Int(cursor.read(Int32.self))))))
    case .shortBinstring: try push(.byteText(slice(cursor.take(Int(cursor.read(UInt8.self))))))
    case .shortBinunicode: try pushText(cursor.take(Int(cursor.read(UInt8.self))))
    case .binunicode: try pushText(cursor.take(Int(cursor.read(UInt32.self))))
    case .binunicode8: try pushText(cursor.take(Int(clamping: cursor.read(UInt64.self))))
    case .shortBinbytes: try push(.bytes(slice(cursor.take(Int(cursor.read(UInt8.self))))))
    case .binbytes: try push(.bytes(slice(cursor.take(Int(cursor.read(UInt32.self))))))
    case .binbytes8: try push(.bytes(slice(cursor.take(Int(clamping: cursor.read(UInt64.self))))))
    case .bytearray8: try push(.bytearray(slice(cursor.take(Int(clamping: cursor.read(UInt64.self))))))
    case .nextBuffer: throw malformed("Out-of-band buffers are not part of a file.")
    case .readonlyBuffer: _ = try top()

    case .emptyList: try push(.list(-1))
    case .emptyTuple: try push(.tuple(start: 0, count: 0))
    case .emptyDict: try push(.dict(-1))
    case .emptySet: try push(.set(-1))
    case .list: try push(.list(sequence(popMarked())))
    case .dict:
      let entries = try popMarked()
      try requirePairs(entries)
      try push(.dict(sequence(entries)))
    case .tuple: try pushTuple(ofLast: stack.count - popMark())
    case .tuple1: try pushTuple(ofLast: 1)
    case .tuple2: try pushTuple(ofLast: 2)
    case .tuple3: try pushTuple(ofLast: 3)
    case .frozenset:
      let members = try popMarked()
      try requireHashable(members[...])
      items.append(contentsOf: members)
      try push(.frozenset(start: items.count - members.count, count: UInt32(members.count)))
    case .append: try append(popLast(1))
    case .appends: try append(popMarked())
    case .additems: try add(popMarked())
    case .setitem: try set(popLast(2))
    case .setitems: try set(popMarked())

    case .mark: marks.append(stack.count)
    case .popMark: _ = try popMarked()
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .dup: try pushAgain(top())
    case .get: try pushAgain(fetch(index(line: cursor.line())))
    case .binget: try pushAgain(fetch(Int(cursor.read(UInt8.self))))
    case .longBinget: try pushAgain(fetch(Int(cursor.read(UInt32.self))))
    case .put: try memo.put(top(), at: index(line: cursor.line()))
    case .binput: try memo.put(top(), at: Int(cursor.read(UInt8.self)))
    case .longBinput: try memo.put(top(), at: Int(cursor.read(UInt32.self)))
    case .memoize: try memo.put(top(), at: memo.count)

    case .ext1: try pushExtension(Int(cursor.read(UInt8.self)))
    case .ext2: try pushExtension(Int(cursor.read(UInt16.self)))
    case .ext4: try pushExtension(Int(cursor.read(Int32.self)))
    case .global: try pushGlobal(module: name(cursor.line()), name: name(cursor.line()))
    case .stackGlobal:
      let names = try popLast(2)
      if let module = text(names[0]), let name = text(names[1]) {
        try pushGlobal(module: module, name: name)
      } else {
        try pushComputedGlobal(names[0], names[1])
      }
    case .inst:
      try pushTuple(ofLast: stack.count - popMark())
      let arguments = try pop()
      try pushGlobal(module: name(cursor.line()), name: name(cursor.line()))
      try makeObject(pop(), arguments)
    case .obj:
      let height = try popMark()
      guard stack.count > height else { throw malformed("OBJ without a class.") }
      try pushTuple(ofLast: stack.count - height - 1)
      let arguments = try pop()
      try makeObject(pop(), arguments)
    case .reduce, .newobj:
      let arguments = try pop()
      try makeObject(pop(), arguments)
    case .newobjEx:
      let keywords = try pop()
      guard case .dict = self[keywords] else { throw malformed("NEWOBJ_EX without a dict of keywords.") }
      let arguments = try pop()
      try makeObject(pop(), arguments, keywords: keywords)
    case .build: try build(pop())
    case .persid:
      try pushText(cursor.line())
      try pushPersistent()
    case .binpersid: try pushPersistent()
    }
  }

  // MARK: - Nodes

  subscript(id: Pickle.ID) -> Pickle.Node {
    get { nodes[Int(id.index)] }
    set { nodes[Int(id.index)] = newValue }
  }

  mutating func push(_ node: Pickle.Node) throws(CheckpointError) {
    stack.append(Pickle.ID(index: Int32(truncatingIfNeeded: nodes.count)))
    nodes.append(node)
  }

  func slice(_ range: Range<Int>) throws(CheckpointError) -> Pickle.Slice {
    guard let count = UInt32(exactly: range.count) else { throw malformed("A string or bytes of more than 4 GiB.") }
    return Pickle.Slice(start: range.lowerBound, count: count)
  }

  func text(_ range: Range<Int>) -> String { store.text(range) }

  private func text(_ id: Pickle.ID) -> String? {
    switch self[id] {
    case .text(let slice), .byteText(let slice):
      slice.start >= 0
        ? text(slice.start..<slice.start + Int(slice.count))
        : String(decoding: decoded[(-1 - slice.start)..<(-1 - slice.start) + Int(slice.count)], as: UTF8.self)
    default: nil
    }
  }

  mutating func sequence(_ ids: [Pickle.ID]) -> Int {
    guard !ids.isEmpty else { return -1 }
    costs.sequenceItemCount += ids.count
    sequences.append(ids)
    return sequences.count - 1
  }

  /// Makes the topmost values of the stack one tuple.
  mutating func pushTuple(ofLast count: Int) throws(CheckpointError) {
    guard stack.count - (marks.last ?? 0) >= count else { throw underflow() }
    items.append(contentsOf: stack[(stack.count - count)...])
    stack.removeLast(count)
    try push(.tuple(start: items.count - count, count: UInt32(truncatingIfNeeded: count)))
    costs.note(tuple: nodes.count - 1, of: items[(items.count - count)...], in: nodes)
  }

  /// Pushes a value that is there already.
  private mutating func pushAgain(_ id: Pickle.ID) throws(CheckpointError) {
    try costs.add(id, in: nodes)
    stack.append(id)
  }

  /// About what the values take, each array with the room that it may have grown by.
  private var memoryByteCount: Int {
    nodes.count * MemoryLayout<Pickle.Node>.stride + items.count * 4 + sequences.count * 64
      + costs.sequenceItemCount * 4 + objects.count * MemoryLayout<Pickle.Object>.stride + persistentIDs.count * 4
      + stack.count * 4 + marks.count * 8 + memo.byteCount + decoded.count + costs.memoryByteCount
  }

  private mutating func pushGlobal(module: String, name: String) throws(CheckpointError) {
    let global = Pickle.Global(module: module, name: name)
    if let number = globalNumbers[global] {
      try push(.global(number))
    } else {
      try costs.add(global)
      globalNumbers[global] = globals.count
      globals.append(global)
      try push(.global(globals.count - 1))
    }
  }

  /// A module or name that a call makes, or another global: to read on would be to guess.
  private mutating func pushComputedGlobal(_ module: Pickle.ID, _ name: Pickle.ID) throws(CheckpointError) {
    let error = malformed("STACK_GLOBAL without strings for module and name.")
    guard isTolerant else { throw error }
    firstError = firstError ?? error
    try pushGlobal(module: text(module) ?? Pickle.Global.computed, name: text(name) ?? Pickle.Global.computed)
  }

  private mutating func pushExtension(_ code: Int) throws(CheckpointError) {
    let error = malformed("An extension code has no meaning outside the program that registered it.")
    guard isTolerant else { throw error }
    firstError = firstError ?? error
    try pushGlobal(module: Pickle.Global.computed, name: "extension \(code)")
  }

  private mutating func pushPersistent() throws(CheckpointError) {
    try persistentIDs.append(pop())
    try push(.persistent(persistentIDs.count - 1))
  }

  private mutating func makeObject(
    _ callable: Pickle.ID, _ arguments: Pickle.ID, keywords: Pickle.ID? = nil
  ) throws(CheckpointError) {
    guard case .tuple = self[arguments] else { throw malformed("The arguments of a call are not a tuple.") }
    switch self[callable] {
    case .global, .object, .persistent: break
    default: throw malformed("A call of a value that is not a class or function.")
    }
    objects.append(Pickle.Object(callable: callable, arguments: arguments, keywords: keywords))
    try push(.object(objects.count - 1))
  }

  // MARK: - The stack

  func top() throws(CheckpointError) -> Pickle.ID {
    guard stack.count > (marks.last ?? 0), let id = stack.last else { throw underflow() }
    return id
  }

  mutating func pop() throws(CheckpointError) -> Pickle.ID {
    guard stack.count > (marks.last ?? 0), let id = stack.popLast() else { throw underflow() }
    return id
  }

  private mutating func popLast(_ count: Int) throws(CheckpointError) -> [Pickle.ID] {
    guard stack.count - (marks.last ?? 0) >= count else { throw underflow() }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  /// The height of the stack where the last MARK was set.
  private mutating func popMark() throws(CheckpointError) -> Int {
    guard let height = marks.popLast() else { throw malformed("There is no MARK on the stack.") }
    return height
  }

  private mutating func popMarked() throws(CheckpointError) -> [Pickle.ID] {
    let height = try popMark()
    defer { stack.removeLast(stack.count - height) }
    return Array(stack[height...])
  }

  private func fetch(_ index: Int) throws(CheckpointError) -> Pickle.ID {
    guard let id = memo[index] else { throw malformed("Memo \(index) was never set.") }
    return id
  }

  @inline(never)
  private func underflow() -> CheckpointError { malformed("The stack is empty.") }

  @inline(never)
  func malformed(_ message: String) -> CheckpointError {
    CheckpointError(.malformedPickle, message, offset: position)
  }
}
