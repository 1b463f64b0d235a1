import MLXNN
import ModelParameters
import StateDicts

nonisolated(unsafe) let model = Module()
let registry: ParameterRegistry = empty()

let weights: StateDict = empty()

private func empty() -> ParameterRegistry {
  do { return try ParameterRegistry([ParameterSpec]()) } catch { fatalError("\(error)") }
}

private func empty() -> StateDict {
  do { return try StateDict([StateDict.Element]()) } catch { fatalError("\(error)") }
}
