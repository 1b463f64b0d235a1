import StateDicts
import TorchCheckpoints

/// What differs between a checkpoint and what a file must hold, in words; empty where all is right.
func mismatches(_ checkpoint: Checkpoint, _ row: ExpectedRow) -> [String] {
  var found: [String] = []
  var byName: [ExactName: [Tensor]] = [:]
  for item in checkpoint.tensors { byName[ExactName(item.name), default: []].append(item.tensor) }
  for expected in row.tensors + (row.arrays ?? []) + (row.others ?? []) {
    // Two tensors may have one name: the first that fits stands for the row.
    let candidates = byName[ExactName(expected.name)] ?? []
    let attempts = candidates.map { differences($0, expected) }
    guard let best = attempts.min(by: { $0.count < $1.count }) else {
      found.append("\(expected.name): not there")
      continue
    }
    found += best.map { "\(expected.name): \($0)" }
  }
  // Names that `save_model` dropped are tensors here too, so there are ties that the file itself has not.
  if let ties = row.ties, row.container != "safetensors" {
    let actual = Tensor.tieGroups(checkpoint.tensors.map(\.tensor)).map { $0.map { checkpoint.tensors[$0].name } }
    if Set(actual.map { $0.sorted() }) != Set(ties.map { $0.sorted() }) { found.append("ties \(actual) for \(ties)") }
  }
  return found
}

private func differences(_ tensor: Tensor, _ expected: ExpectedRow.Tensor) -> [String] {
  var found: [String] = []
  if tensor.elementType.rawValue != expected.dtype { found.append("dtype \(tensor.elementType) for \(expected.dtype)") }
  if let shape = expected.shape, tensor.shape != shape { found.append("shape \(tensor.shape) for \(shape)") }
  if let flag = expected.requiresGrad, tensor.requiresGrad != flag { found.append("requires_grad") }
  do {
    if let hash = expected.sha256, try tensor.sha256() != hash { found.append("other bytes") }
    for component in expected.components ?? [] {
      guard let part = tensor.composition?.components.first(where: { $0.role == component.name })?.tensor else {
        found.append("no \(component.name)")
        continue
      }
      if part.elementType.rawValue != component.dtype || part.shape != component.shape {
        found.append("\(component.name) is \(part)")
      }
      if try part.sha256() != component.sha256 { found.append("other bytes in \(component.name)") }
    }
  } catch {
    found.append("\(error)")
  }
  let kind = tensor.composition?.kind.rawValue
  if let wanted = expected.kind, kind?.hasPrefix(wanted) != true {
    found.append("kind \(kind ?? "none") for \(wanted)")
  }
  if expected.kind == nil, let kind { found.append("kind \(kind)") }
  if let quantization = expected.quantization, let attributes = tensor.composition?.attributes {
    if attributes["scheme"] != .string(quantization.scheme) {
      found.append("scheme \(attributes["scheme"]?.text ?? "")")
    }
    if let scale = quantization.scale, attributes["scale"] != .number(scale) { found.append("scale") }
    if let zero = quantization.zeroPoint, attributes["zero_point"] != .integer(zero) { found.append("zero point") }
    if let axis = quantization.axis, attributes["axis"] != .integer(axis) { found.append("axis") }
  }
  return found
}
