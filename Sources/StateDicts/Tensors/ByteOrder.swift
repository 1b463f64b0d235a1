/// The order of the bytes within an element.
public enum ByteOrder: String, Sendable {
  case little, big
}
