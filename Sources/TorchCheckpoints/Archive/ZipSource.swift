import CPth2swtZip
import StateDicts

/// A `zip_source_t` over bytes in memory, which remembers what libzip reads: that is how we learn where an entry's
/// payload lies (`LocalHeader`) without a zip parser of our own.
///
/// The corresponding C function is `zip_source_function_create`; see libzip's manual of that name for the commands.
@safe final class ZipSource {
  private let store: ByteStore
  private var position = 0
  private var error = unsafe zip_error_t()
  /// The first ranges that were read since `reads` was last emptied: opening an entry takes two.
  var reads: [Range<Int>] = []
  private static let readLimit = 8

  /// How often libzip may still read: twice for each entry of the directory, and once more where it looks for its end.
  ///
  /// It takes some hundred bytes of memory for each entry, before anybody can ask how many there are.
  private var readsLeft = 2 * ZipSource.entryLimit + 1000
  /// How many bytes it may still read.
  private var byteCountLeft = 256 * ZipSource.entryLimit
  /// Whether it wanted to read more than that.
  private(set) var isExhausted = false
  /// The most entries: one for each tensor, and room for what stands beside them.
  static let entryLimit = 1 << 18 + 1 << 12
  /// How many bytes are going to be read from where an entry begins.
  var expectedByteCount = 0
  /// Whether the directory was read, and reads are no longer counted.
  var isOpen = false

  init(_ store: ByteStore) {
    self.store = store
    unsafe zip_error_init(&error)
  }

  /// Makes a source that retains this object until libzip frees it.
  func makeSource(_ error: inout zip_error_t) -> OpaquePointer? {
    let state = unsafe Unmanaged.passRetained(self)
    let source = unsafe zip_source_function_create(
      { state, data, length, command in
        guard let state = unsafe state else { return -1 }
        let object = unsafe Unmanaged<ZipSource>.fromOpaque(state)
        if command == ZIP_SOURCE_FREE {
          unsafe object.release()
          return 0
        }
        return unsafe object.takeUnretainedValue().perform(command, data, length)
      }, state.toOpaque(), &error)
    if unsafe source == nil { unsafe state.release() }
    return unsafe source
  }

  private func perform(
    _ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: zip_uint64_t
  ) -> zip_int64_t {
    switch command {
    case ZIP_SOURCE_OPEN:
      position = 0
      return 0
    case ZIP_SOURCE_READ:
      let count = min(Int(clamping: length), max(store.count - position, 0))
      if !isOpen {
        (readsLeft, byteCountLeft) = (readsLeft - 1, byteCountLeft - count)
        guard readsLeft >= 0, byteCountLeft >= 0 else {
          isExhausted = true
          unsafe zip_error_set(&error, ZIP_ER_READ, 0)
          return -1
        }
      }
      if reads.count < Self.readLimit { reads.append(position..<position + count) }
      guard count > 0, let data = unsafe data else { return 0 }
      let target = unsafe UnsafeMutableRawBufferPointer(start: data, count: count)
      do throws(CheckpointError) {
        try store.require(position..<position + count, expecting: expectedByteCount)
        try unsafe store.copy(position..<position + count, to: target)
      } catch {
        unsafe zip_error_set(&self.error, ZIP_ER_READ, 0)
        return -1
      }
      position += count
      return zip_int64_t(count)
    case ZIP_SOURCE_SEEK:
      guard let data = unsafe data else { return -1 }
      let target = unsafe zip_source_seek_compute_offset(
        zip_uint64_t(position), zip_uint64_t(store.count), data, length, &error)
      guard target >= 0 else { return -1 }
      position = Int(target)
      return 0
    case ZIP_SOURCE_TELL:
      return zip_int64_t(position)
    case ZIP_SOURCE_STAT:
      guard let status = unsafe data?.assumingMemoryBound(to: zip_stat_t.self) else { return -1 }
      unsafe zip_stat_init(status)
      unsafe status.pointee.size = zip_uint64_t(store.count)
      unsafe status.pointee.valid = zip_uint64_t(ZIP_STAT_SIZE)
      return unsafe zip_int64_t(MemoryLayout<zip_stat_t>.size)
    case ZIP_SOURCE_ERROR:
      guard let data = unsafe data else { return -1 }
      return unsafe zip_error_to_data(&error, data, length)
    case ZIP_SOURCE_CLOSE:
      return 0
    case ZIP_SOURCE_SUPPORTS:
      let commands = [
        ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
        ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS,
      ]
      return commands.reduce(0) { mask, command in mask | 1 << zip_int64_t(command.rawValue) }
    default:
      unsafe zip_error_set(&error, ZIP_ER_OPNOTSUPP, 0)
      return -1
    }
  }
}
