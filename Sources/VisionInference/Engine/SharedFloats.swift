/// The numbers of a buffer while several threads read them, or each writes its own part.
@safe struct SharedFloats: @unchecked Sendable {
  let buffer: Buffer
  private let offset: Int

  init(_ buffer: Buffer, offset: Int = 0) {
    self.buffer = buffer
    self.offset = offset
  }

  var start: UnsafeMutablePointer<Float> { unsafe buffer.floats + offset }
}
