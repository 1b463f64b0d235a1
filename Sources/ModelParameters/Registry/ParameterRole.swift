/// The role of a tensor in its model.
public enum ParameterRole: String, Codable, Sendable {
  /// A parameter, which can be trained: torch's `nn.Parameter`.
  case parameter
  /// A buffer, which is saved but never trained, such as a running mean.
  case buffer
  /// A name that is accepted but not used, such as `num_batches_tracked` of a frozen normalization.
  case ignored
}
