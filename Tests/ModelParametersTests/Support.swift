import Foundation
import ModelParameters
import StateDicts

extension StateDict {
  /// Names and shapes without values, which is all that a match looks at.
  init(shapes: KeyValuePairs<String, [Int]>, as elementType: ElementType = .float32) throws {
    try self.init(shapes.map { (name: $0.key, tensor: Tensor(shapeOnly: $0.value, elementType: elementType)) })
  }
}

extension Tensor {
  /// A tensor of these bytes, in C order.
  init(_ bytes: [UInt8], shape: [Int], as elementType: ElementType) {
    let store = unsafe bytes.withUnsafeBytes { unsafe ByteStore(copying: $0) }
    self.init(
      elementType: elementType, geometry: TensorGeometry(contiguous: shape, elementCount: shape.reduce(1, *)),
      storage: Storage(store))
  }
}

extension Encodable {
  /// The value as JSON, read again as far as the test looks at it.
  func json<Value: Decodable>(_: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(self))
  }
}
