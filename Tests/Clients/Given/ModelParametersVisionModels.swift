import ModelParameters
import StateDicts

let weights: StateDict = empty()

private func empty() -> StateDict {
  do { return try StateDict([StateDict.Element]()) } catch { fatalError("\(error)") }
}
