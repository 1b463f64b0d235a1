/// A name that libraries give the one file of a model, or the index of its shards, and how it ranks among such names.
///
///     model.safetensors                          transformers; diffusion_pytorch_model of diffusers, adapter_model of peft
///     pytorch_model.bin                          the same in torch's format
///     model.fp16.safetensors                     a variant, taken where there is nothing else
///     model.safetensors.index.json               an index of shards, which may have any name before its end
///     model.safetensors.index.fp16.json          a variant's index
///
/// Source: `_add_variant` in `transformers/modeling_utils.py` and `diffusers/utils/hub_utils.py`.
package struct UsualName: Comparable {
  package let name: String
  package let isIndex: Bool
  /// Of several variants none is the usual one.
  package let variant: String?
  /// As transformers looks for them: the plain before variants, safetensors before bin, one file before shards.
  private let rank: [Int]

  private static let stems = ["model", "pytorch_model", "diffusion_pytorch_model", "adapter_model"]

  /// Nil for any other name.
  package init?(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let stem = Self.stems.firstIndex(of: parts[0])
    isIndex = parts.count > 2 && parts.last == "json" && parts.dropLast().suffix(2).contains("index")
    if isIndex {
      variant = parts[parts.count - 2] == "index" ? nil : parts[parts.count - 2]
    } else {
      guard stem != nil, let kind = parts.popLast(), ["safetensors", "bin"].contains(kind), parts.count <= 2 else {
        return nil
      }
      variant = parts.count == 2 ? parts[1] : nil
    }
    self.name = name
    rank = [
      variant == nil ? 0 : 1, name.contains(".safetensors") ? 0 : 1, isIndex ? 1 : 0, stem ?? Self.stems.count,
    ]
  }

  package static func < (left: UsualName, right: UsualName) -> Bool {
    left.rank == right.rank ? left.name < right.name : left.rank.lexicographicallyPrecedes(right.rank)
  }

  /// The file that a library would load of a folder's; nil if none has a usual name.
  ///
  /// - Throws: `isDirectory` where only variants are there, and more than one.
  package static func first(of names: [String]) throws(CheckpointError) -> UsualName? {
    let usual = names.compactMap(UsualName.init).sorted()
    guard let first = usual.first else { return nil }
    if first.variant != nil, let other = usual.first(where: { $0.variant != first.variant }) {
      throw CheckpointError(
        .isDirectory, "The folder has several variants of a model: \(first.name), \(other.name).",
        remedy: "give the path of one of them")
    }
    return first
  }
}
