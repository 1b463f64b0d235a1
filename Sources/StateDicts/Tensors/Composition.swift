/// The plain tensors and attributes of a tensor that is more than a strided view.
///
/// The elements of a quantized tensor are its integers. Other kinds have no elements of their own, only components.
///
/// | kind | components | attributes |
/// |---|---|---|
/// | quantized per tensor | none | `scheme`, `scale`, `zero_point` |
/// | quantized per channel | `scales`, `zero_points` | `scheme`, `axis` |
/// | sparse COO | `indices` [dimensions, count], `values` | `is_coalesced` |
/// | sparse CSR, BSR | `crow_indices`, `col_indices`, `values` | |
/// | sparse CSC, BSC | `ccol_indices`, `row_indices`, `values` | |
/// | nested, strided | `buffer`, `sizes`, `strides`, `storage_offsets`; the shape is the count of tensors | |
/// | nested, jagged | `values`, `offsets`, perhaps `lengths` | `ragged_axis` |
/// | meta | none, and no bytes | |
/// | wrapper subclass | the tensors among its attributes, by their names | `class` |
///
/// Source: `torch/_utils.py` (the functions that rebuild each), `torch/nested/_internal/nested_tensor.py`.
public struct Composition: Sendable {
  /// The kind of a composite tensor.
  public enum Kind: String, Codable, Sendable {
    case quantizedPerTensor = "quantized_per_tensor"
    case quantizedPerChannel = "quantized_per_channel"
    case sparseCOO = "sparse_coo"
    case sparseCSR = "sparse_csr"
    case sparseCSC = "sparse_csc"
    case sparseBSR = "sparse_bsr"
    case sparseBSC = "sparse_bsc"
    case nested = "nested_strided"
    case jagged = "nested_jagged"
    case meta
    case wrapperSubclass = "wrapper_subclass"
  }

  /// A component: one of the plain tensors.
  public struct Component: Sendable {
    /// The role of the component, such as `scales` or `indices`.
    public let role: String
    /// The tensor.
    public let tensor: Tensor

    package init(_ role: String, _ tensor: Tensor) {
      self.role = role
      self.tensor = tensor
    }
  }

  /// The kind of tensor.
  public let kind: Kind
  /// The component tensors; for a quantized tensor, those other than its integers.
  public let components: [Component]
  /// Values needed to assemble the tensor, such as `scale`, `zero_point` or `axis`.
  public let attributes: [String: JSONValue]
  /// What one rank has of a tensor that is spread over several; nil for any other tensor.
  package let part: RankPart?

  /// How many tensors there are under this one, components of components included.
  package let partCount: Int
  /// More than any real tensor has.
  ///
  /// Components may be shared, so that a small file can name very many.
  package static let partLimit = 64

  package init(
    _ kind: Kind, components: [Component] = [], attributes: [String: JSONValue] = [:], part: RankPart? = nil
  ) {
    partCount = components.reduce(0) { $0 + 1 + ($1.tensor.composition?.partCount ?? 0) }
    self.kind = kind
    self.components = components
    self.attributes = attributes
    self.part = part
  }

  /// The attributes as JSON, sorted by name.
  package var json: JSONValue {
    .object(JSONObject(attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
  }

  /// Whether the tensor has elements of its own (the integers of a quantized one).
  public var hasElements: Bool { kind == .quantizedPerTensor || kind == .quantizedPerChannel }
}
