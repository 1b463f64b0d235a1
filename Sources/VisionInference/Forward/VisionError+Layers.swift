import VisionModels

extension Error {
  /// Returns the error with the name of a part of the model in front of the layer's name.
  func within(_ part: String) -> any Error {
    guard var error = self as? VisionError else { return self }
    error.layer = [part, error.layer].compactMap(\.self).joined(separator: ".")
    return error
  }
}

/// Runs a part of a model, whose name its errors get.
func within<Value>(_ part: String, _ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw error.within(part) }
}
