/// Whether a name matches a pattern in which `*` stands for any text, dots included.
///
///     matches("backbone.body.layer1.0.conv1.weight", "*.layer1.*")      // true
///
/// - Complexity: O(name × pattern).
package func matches(_ name: String, _ pattern: String) -> Bool {
  let name = Array(name.utf8)
  let pattern = Array(pattern.utf8)
  var (place, step) = (0, 0)
  // Where the last star stands, and how much of the name it has taken: what to go back to.
  var star: (step: Int, place: Int)?
  while place < name.count {
    if step < pattern.count, pattern[step] == UInt8(ascii: "*") {
      star = (step, place)
      step += 1
    } else if step < pattern.count, pattern[step] == name[place] {
      place += 1
      step += 1
    } else if let last = star {
      star = (last.step, last.place + 1)
      (place, step) = (last.place + 1, last.step + 1)
    } else {
      return false
    }
  }
  return pattern[step...].allSatisfy { $0 == UInt8(ascii: "*") }
}
