/// A layout version of a module, as in the `_metadata` of a state dict.
public struct LayoutVersion: Hashable, Codable, Sendable {
  /// The path of the module, such as `backbone.fpn`.
  public let module: String
  /// The version number.
  public let version: Int

  /// Creates a version.
  public init(_ version: Int, of module: String) {
    self.module = module
    self.version = version
  }
}
