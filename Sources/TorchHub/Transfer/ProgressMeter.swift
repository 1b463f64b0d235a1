/// Thins out reports: data arrives in pieces of some kilobytes, far more often than anyone can look.
struct ProgressMeter {
  private var last: ContinuousClock.Instant?

  mutating func isDue() -> Bool {
    let now = ContinuousClock.now
    if let last, last.duration(to: now) < .milliseconds(50) { return false }
    last = now
    return true
  }
}
