/// A tensor, or another value of a checkpoint, that was not written, and why.
public struct LeftOut: Sendable, Hashable, Encodable {
  /// The name as listed by `inspect`: the path from the top of the file.
  public let name: String
  /// Why it was left out.
  public let reason: String
  /// The key of the part of the file that has the tensor; nil if that is the converted state dict.
  public let key: String?

  private enum CodingKeys: String, CodingKey {
    case name, reason
  }

  /// Creates a row.
  ///
  /// - Parameters:
  ///   - name: The name as `inspect` lists it.
  ///   - reason: Why the tensor was left out.
  ///   - key: The key of the part of the file that has the tensor, if that part was not converted.
  public init(_ name: String, reason: String, key: String? = nil) {
    self.name = name
    self.reason = reason
    self.key = key
  }

  /// Returns the row with its name under the path of the value that holds its file.
  package func under(_ path: String?) -> LeftOut {
    path.map { LeftOut("\($0).\(name)", reason: reason, key: key) } ?? self
  }

  /// The row as a `.swt` file keeps it.
  var json: JSONValue {
    ["name": .string(name), "reason": .string(reason)]
  }

  /// Reads rows from the value of `swt.left_out`: a list, or an object from names to reasons as older files have it.
  static func rows(of json: JSONValue) -> [LeftOut] {
    switch json {
    case .array(let items):
      items.compactMap { item in
        guard let name = item["name"]?.stringValue, let reason = item["reason"]?.stringValue else { return nil }
        return LeftOut(name, reason: reason)
      }
    case .object(let members):
      members.compactMap { member in
        member.value.stringValue.map { LeftOut(member.name, reason: $0) }
      }
    default: []
    }
  }
}
