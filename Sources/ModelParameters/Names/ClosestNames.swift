/// The names that somebody may have meant who wrote a name that does not exist, the closest first.
///
/// Those that contain what was written come first, the shortest of them before the others; then those that differ from
/// it in few characters.
///
/// - Parameters:
///   - name: What was written.
///   - names: The names that exist.
///   - limit: How many are returned at most.
package func closestNames(to name: String, among names: [String], limit: Int = 3) -> [String] {
  let wanted = Array(name.utf8)
  let containing = names.filter { !wanted.isEmpty && $0.contains(name) }.sorted { $0.utf8.count < $1.utf8.count }
  if !containing.isEmpty { return Array(containing.prefix(limit)) }
  let near = names.map { (name: $0, distance: editDistance(wanted, Array($0.utf8))) }
    .filter { $0.distance <= max($0.name.utf8.count / 4, 2) && $0.distance * 2 <= $0.name.utf8.count }
    .sorted { $0.distance < $1.distance }
  return near.prefix(limit).map(\.name)
}
