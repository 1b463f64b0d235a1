/// Counts steps while a test asks for it, so that tests of linear time need no clock: what takes the square of its
/// input takes the square of the steps.
package enum Work {
  @TaskLocal private static var steps: Locked<Int>?

  /// Counts steps; called once per pass, not for each step.
  package static func add(_ count: Int) {
    guard let steps else { return }
    steps.withLock { $0 += count }
  }

  /// How many steps `body` takes on this task.
  package static func steps(of body: () throws -> Void) rethrows -> Int {
    let counted = Locked(0)
    try $steps.withValue(counted, operation: body)
    return counted.withLock { $0 }
  }
}
