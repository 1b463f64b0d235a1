/// Names in order, each once, found by their bytes: at 100,000 names a third of a dictionary's cost.
///
///     names   ["fc.weight", "fc.bias"]
///     slots   [0, 7f31…0002, 0, 95c0…0001]      32 bits of a name's hash, then its place + 1; 0 is a free slot
package struct NameTable: Sendable {
  /// The names, in the order in which they came.
  package private(set) var names: [String] = []
  /// A power of two of them, at most half of them taken.
  private var slots: [UInt64]

  /// An empty table with room for `capacity` names.
  package init(capacity: Int) {
    names.reserveCapacity(capacity)
    var count = 4
    while count < capacity * 2 { count *= 2 }
    slots = [UInt64](repeating: 0, count: count)
  }

  /// Adds a name, if it is not there yet.
  package mutating func insert(_ name: String) -> (place: Int, isNew: Bool) {
    if slots.count < (names.count + 1) * 2 { grow() }
    let hash = Self.hash(name)
    let slot = slot(of: name, hash)
    if let place = place(in: slot) { return (place, false) }
    names.append(name)
    slots[slot] = hash << 32 | UInt64(names.count)
    return (names.count - 1, true)
  }

  /// The place of a name in `names`.
  package func place(of name: String) -> Int? { place(in: slot(of: name, Self.hash(name))) }

  /// Hasher's seed is the process's own, so no file can be made whose names meet.
  private static func hash(_ name: String) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: ExactName(name).hashValue))
  }

  /// The slot that holds the name, or the free one where it belongs.
  private func slot(of name: String, _ hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while let place = place(in: slot) {
      if slots[slot] >> 32 == hash, ExactName(names[place]) == ExactName(name) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func place(in slot: Int) -> Int? {
    slots[slot] == 0 ? nil : Int(UInt32(truncatingIfNeeded: slots[slot])) - 1
  }

  private mutating func grow() {
    let taken = slots.filter { $0 != 0 }
    slots = [UInt64](repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for entry in taken {
      var slot = Int(entry >> 32) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = entry
    }
  }
}
