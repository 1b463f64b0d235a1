/// Writes a pickle of protocol 2, as `torch.save` does.
///
///     80 02              protocol 2
///     58 01 00 00 00 77  the text "w"
///     71 00              remembered as number 0
///     …
///     2e                 the end
///
/// Source: Python's `pickletools.py`.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 0x02]
  /// The numbers of remembered texts and globals.
  private var memo: [String: Int] = [:]

  mutating func stop() { bytes.append(UInt8(ascii: ".")) }
  mutating func none() { bytes.append(UInt8(ascii: "N")) }
  mutating func bool(_ value: Bool) { bytes.append(value ? 0x88 : 0x89) }

  mutating func integer(_ value: Int) {
    switch value {
    case 0..<0x100:
      bytes.append(UInt8(ascii: "K"))
      bytes.append(value, 1)
    case 0..<0x1_0000:
      bytes.append(UInt8(ascii: "M"))
      bytes.append(value, 2)
    case -0x8000_0000..<0x8000_0000:
      bytes.append(UInt8(ascii: "J"))
      bytes.append(value, 4)
    default:
      bytes.append(contentsOf: [0x8A, 8])
      bytes.append(value, 8)
    }
  }

  /// An integer of any length, in two's complement, little-endian.
  mutating func integer(littleEndian digits: [UInt8]) {
    if digits.count < 0x100 {
      bytes.append(contentsOf: [0x8A, UInt8(truncatingIfNeeded: digits.count)])
    } else {
      bytes.append(0x8B)
      bytes.append(digits.count, 4)
    }
    bytes.append(contentsOf: digits)
  }

  mutating func float(_ value: Double) {
    bytes.append(UInt8(ascii: "G"))
    let bits = value.bitPattern
    for place in (0..<8).reversed() { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(place)))) }
  }

  mutating func text(_ text: String) {
    bytes.append(UInt8(ascii: "X"))
    bytes.append(text.utf8.count, 4)
    bytes.append(contentsOf: text.utf8)
  }

  /// A text that comes again: it is written once.
  mutating func remembered(_ text: String) {
    if fetch("'" + text) { return }
    self.text(text)
    remember("'" + text)
  }

  /// A class or function, by its module and name.
  mutating func global(_ module: String, _ name: String) {
    let key = module + " " + name
    if fetch(key) { return }
    bytes.append(UInt8(ascii: "c"))
    for part in [module, name] {
      bytes.append(contentsOf: part.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    remember(key)
  }

  private mutating func fetch(_ key: String) -> Bool {
    guard let number = memo[key] else { return false }
    if number < 0x100 {
      bytes.append(UInt8(ascii: "h"))
      bytes.append(number, 1)
    } else {
      bytes.append(UInt8(ascii: "j"))
      bytes.append(number, 4)
    }
    return true
  }

  private mutating func remember(_ key: String) {
    let number = memo.count
    memo[key] = number
    if number < 0x100 {
      bytes.append(UInt8(ascii: "q"))
      bytes.append(number, 1)
    } else {
      bytes.append(UInt8(ascii: "r"))
      bytes.append(number, 4)
    }
  }

  // MARK: - Containers: what they hold is written between these

  mutating func emptyTuple() { bytes.append(UInt8(ascii: ")")) }
  mutating func emptyList() { bytes.append(UInt8(ascii: "]")) }
  mutating func emptyDict() { bytes.append(UInt8(ascii: "}")) }
  /// Begins what `tuple()`, `setItems()` or `appends()` ends.
  mutating func mark() { bytes.append(UInt8(ascii: "(")) }
  /// Makes a tuple of what was written since the mark.
  mutating func tuple() { bytes.append(UInt8(ascii: "t")) }
  /// Puts the keys and values since the mark into the dict before it.
  mutating func setItems() { bytes.append(UInt8(ascii: "u")) }
  /// Puts the items since the mark into the list before it.
  mutating func appends() { bytes.append(UInt8(ascii: "e")) }
  /// Calls the function that was written with the tuple of arguments behind it.
  mutating func reduce() { bytes.append(UInt8(ascii: "R")) }
  /// Gives an object the value behind it as its state.
  mutating func build() { bytes.append(UInt8(ascii: "b")) }
  /// Makes the tuple that was written last a persistent id.
  mutating func persistentID() { bytes.append(UInt8(ascii: "Q")) }

  /// A tuple of sizes or strides.
  mutating func tuple(_ numbers: [Int]) {
    guard !numbers.isEmpty else { return emptyTuple() }
    if numbers.count > 3 { mark() }
    for number in numbers { integer(number) }
    if numbers.count > 3 { tuple() } else { bytes.append(0x84 + UInt8(truncatingIfNeeded: numbers.count)) }
  }

  mutating func emptyOrderedDict() {
    global("collections", "OrderedDict")
    emptyTuple()
    reduce()
  }
}
