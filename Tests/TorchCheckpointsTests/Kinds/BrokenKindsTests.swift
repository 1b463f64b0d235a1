import StateDicts
import Testing
import TorchCheckpoints

@Suite("Tensors of every kind that are wrong in one way")
struct BrokenKindsTests {
  private static let floats = PickleBytes.vector
  private static let longs = integers(4)

  private static func integers(_ count: Int) -> [UInt8] {
    PickleBytes.tensor(
      PickleBytes.storage("1", count: 4, class: "LongStorage"), size: PickleBytes.numbers(count),
      stride: PickleBytes.numbers(1))
  }

  private static func file(_ body: [UInt8]) -> [UInt8] {
    FileBytes.torch(body, storages: [("0", [UInt8](repeating: 0, count: 16)), ("1", [UInt8](repeating: 0, count: 32))])
  }

  private static func utils(_ name: String, _ arguments: [UInt8]...) -> [UInt8] {
    PickleBytes.global("torch._utils", name) + Array("(".utf8) + arguments.flatMap { $0 } + Array("tR".utf8)
  }

  private static func quantized(
    _ quantizer: [UInt8], class name: String = "QInt8Storage", size: [UInt8] = PickleBytes.numbers(4),
    stride: [UInt8] = PickleBytes.numbers(1)
  ) -> [UInt8] {
    file(
      utils(
        "_rebuild_qtensor", PickleBytes.storage("0", count: 4, class: name), PickleBytes.integer(0), size, stride,
        quantizer, PickleBytes.no, PickleBytes.none))
  }

  private static func perChannel(_ scales: [UInt8], _ zeros: [UInt8], axis: Int) -> [UInt8] {
    PickleBytes.tuple(PickleBytes.global("torch", "per_channel_affine"), scales, zeros, PickleBytes.integer(axis))
  }

  private static func sparse(_ layout: String, _ parts: [UInt8]...) -> [UInt8] {
    let name = PickleBytes.call(PickleBytes.global("torch.serialization", "_get_layout"), PickleBytes.text(layout))
    return file(
      utils("_rebuild_sparse_tensor", name, Array("(".utf8) + parts.flatMap { $0 } + Array("t".utf8)))
  }

  private static func array(_ shape: [UInt8], _ bytes: [UInt8], type: String = "f4") -> [UInt8] {
    let reconstruct = PickleBytes.call(
      PickleBytes.global("numpy.core.multiarray", "_reconstruct"), PickleBytes.global("numpy", "ndarray"),
      PickleBytes.numbers(0), PickleBytes.text("b"))
    let dtype = PickleBytes.call(
      PickleBytes.global("numpy", "dtype"), PickleBytes.text(type), PickleBytes.no, PickleBytes.yes)
    return reconstruct + PickleBytes.tuple(PickleBytes.integer(1), shape, dtype, PickleBytes.no, bytes)
      + Array("b".utf8)
  }

  private static func bytes(_ text: String) -> [UInt8] {
    PickleBytes.call(PickleBytes.global("_codecs", "encode"), PickleBytes.text(text), PickleBytes.text("latin1"))
  }

  /// A wrapper whose attributes are `width` references to another, `depth` times: as many tensors as `width` to `depth`.
  private static func bomb(width: Int, depth: Int) -> [UInt8] {
    func wrapper(_ state: [UInt8]) -> [UInt8] {
      let arguments = PickleBytes.tuple(
        PickleBytes.global("vendor", "Wrapped"), PickleBytes.global("torch", "float32"), PickleBytes.numbers(2),
        PickleBytes.numbers(1))
      return PickleBytes.call(
        PickleBytes.global("torch._tensor", "_rebuild_from_type_v2"),
        PickleBytes.global("torch._utils", "_rebuild_wrapper_subclass"), PickleBytes.global("vendor", "Wrapped"),
        arguments, state)
    }
    var body = floats + [0x71, 0]
    for level in 1...depth {
      var state = Array("}(".utf8)
      for number in 0..<width { state += PickleBytes.text("\(number)") + [0x68, UInt8(level - 1)] }
      body += wrapper(state + Array("u".utf8)) + [0x71, UInt8(level)]
    }
    return body
  }

  static let quantizedFiles: [BrokenFile] = [
    BrokenFile("quantized by no scheme", .malformedTensor, quantized(PickleBytes.none)),
    BrokenFile(
      "quantized by an unknown scheme", .malformedTensor,
      quantized(PickleBytes.tuple(PickleBytes.global("torch", "per_row"), PickleBytes.float(1), PickleBytes.integer(0)))
    ),
    BrokenFile(
      "quantized without a zero point", .malformedTensor,
      quantized(PickleBytes.tuple(PickleBytes.global("torch", "per_tensor_affine"), PickleBytes.float(1)))),
    BrokenFile("an axis beyond the dimensions", .malformedTensor, quantized(perChannel(floats, longs, axis: 1))),
    BrokenFile("a negative axis", .malformedTensor, quantized(perChannel(floats, longs, axis: -1))),
    BrokenFile("fewer zero points than scales", .malformedTensor, quantized(perChannel(floats, integers(3), axis: 0))),
    BrokenFile(
      "scales that are a number", .malformedTensor,
      quantized(perChannel(PickleBytes.integer(1), longs, axis: 0))),
    BrokenFile(
      "packed integers with steps", .malformedTensor,
      quantized(perChannel(floats, longs, axis: 0), class: "QUInt4x2Storage", stride: PickleBytes.numbers(2))),
    BrokenFile(
      "more packed integers than the storage has", .malformedTensor,
      quantized(perChannel(floats, longs, axis: 0), class: "QUInt4x2Storage", size: PickleBytes.numbers(9))),
  ]

  static let sparseFiles: [BrokenFile] = [
    BrokenFile(
      "a layout that is not known", .malformedTensor, sparse("torch.strange", longs, floats, PickleBytes.numbers(4))),
    BrokenFile("COO without a size", .malformedTensor, sparse("torch.sparse_coo", longs, floats)),
    BrokenFile(
      "COO indices of one dimension", .malformedTensor,
      sparse("torch.sparse_coo", longs, floats, PickleBytes.numbers(4))),
    BrokenFile(
      "COO values that are no tensor", .malformedTensor,
      sparse("torch.sparse_coo", longs, PickleBytes.none, PickleBytes.numbers(4))),
    BrokenFile(
      "CSR with more columns than values", .malformedTensor,
      sparse("torch.sparse_csr", longs, integers(3), floats, PickleBytes.numbers(3, 3))),
    BrokenFile(
      "CSR of one dimension", .malformedTensor,
      sparse("torch.sparse_csr", longs, longs, floats, PickleBytes.numbers(3))),
    BrokenFile(
      "CSR of a negative size", .malformedTensor,
      sparse("torch.sparse_csr", longs, longs, floats, PickleBytes.numbers(-3, 3))),
    BrokenFile(
      "BSR without column indices", .malformedTensor,
      sparse("torch.sparse_bsr", longs, floats, PickleBytes.numbers(3, 3))),
  ]

  static let otherFiles: [BrokenFile] = [
    BrokenFile(
      "nested with fewer offsets than sizes", .malformedTensor,
      file(utils("_rebuild_nested_tensor", floats, longs, longs, integers(3)))),
    BrokenFile("nested without offsets", .malformedTensor, file(utils("_rebuild_nested_tensor", floats, longs, longs))),
    BrokenFile(
      "jagged without offsets", .malformedTensor,
      file(
        PickleBytes.call(
          PickleBytes.global("torch.nested._internal.nested_tensor", "_rebuild_njt"),
          PickleBytes.dict(("values", floats))))),
    BrokenFile(
      "meta of a negative size", .malformedTensor,
      file(
        utils(
          "_rebuild_meta_tensor_no_storage", PickleBytes.global("torch", "float32"), PickleBytes.numbers(-1),
          PickleBytes.numbers(1), PickleBytes.no))),
    BrokenFile(
      "meta of 2^80 elements", .malformedTensor,
      file(
        utils(
          "_rebuild_meta_tensor_no_storage", PickleBytes.global("torch", "float32"),
          PickleBytes.numbers(1 << 40, 1 << 40), PickleBytes.numbers(1, 1), PickleBytes.no))),
    BrokenFile(
      "a wrapper of a dtype that is none", .malformedTensor,
      file(
        utils(
          "_rebuild_wrapper_subclass", PickleBytes.global("vendor", "Wrapped"), PickleBytes.none,
          PickleBytes.numbers(1), PickleBytes.numbers(1)))),
    BrokenFile("wrappers that hold more tensors than any file has", .limitExceeded, file(bomb(width: 50, depth: 5))),
    BrokenFile(
      "a device's tensor without data", .malformedTensor,
      file(
        utils(
          "_rebuild_device_tensor_from_numpy", PickleBytes.none, PickleBytes.global("torch", "float32"),
          PickleBytes.text("xla:0"), PickleBytes.no))),
    BrokenFile(
      "an array of fewer bytes than its shape", .malformedTensor, file(array(PickleBytes.numbers(4), bytes("abc")))),
    BrokenFile("an array of a negative size", .malformedTensor, file(array(PickleBytes.numbers(-1), bytes("abcd")))),
    BrokenFile(
      "an array of 2^80 elements", .malformedTensor,
      file(array(PickleBytes.numbers(1 << 40, 1 << 40), bytes("abcd")))),
    BrokenFile(
      "an array whose text is no latin-1", .malformedTensor,
      file(array(PickleBytes.numbers(4), bytes("aя\u{1F642}b"), type: "u1"))),
  ]

  @Test("Quantized tensors are refused for", arguments: quantizedFiles)
  func brokenQuantized(_ file: BrokenFile) { file.expectRefusal() }

  @Test("Sparse tensors are refused for", arguments: sparseFiles)
  func brokenSparse(_ file: BrokenFile) { file.expectRefusal() }

  @Test("Other tensors are refused for", arguments: otherFiles)
  func brokenOther(_ file: BrokenFile) { file.expectRefusal() }
}
