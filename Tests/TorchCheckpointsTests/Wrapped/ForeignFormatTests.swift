import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Formats that are no checkpoints are named")
struct ForeignFormatTests {
  struct Example: CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }
    init(_ name: String, _ text: String, at offset: Int = 0) {
      self.init(name, [UInt8](repeating: 7, count: offset) + Array(text.utf8) + [UInt8](repeating: 0, count: 40))
    }
  }

  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private static func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  static let examples: [Example] = [
    Example("a GGUF model (llama.cpp)", "GGUF\u{3}"),
    Example("a GGML model (llama.cpp or whisper.cpp, before GGUF)", "lmgg"),
    Example("a GGML model (llama.cpp or whisper.cpp, before GGUF)", "tjgg"),
    Example("a TensorFlow Lite model", "TFL3", at: 4), Example("an ExecuTorch program", "ET12", at: 4),
    Example("ExecuTorch tensors (.ptd)", "FT01", at: 4),
    Example("an HDF5 file (Keras)", [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
    Example(
      "an HDF5 file (Keras)", [UInt8](repeating: 1, count: 512) + [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
    Example(
      "an index of a TensorFlow checkpoint",
      [0, 0, 1, 2, 3, 4, 5, 6, 7, 8] + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]),
    Example("a TensorRT engine", "ftrt\u{1}"), Example("an RKNN model", "RKNN"),
    Example("MXNet parameters", [0x12, 1] + [UInt8](repeating: 0, count: 20)),
    Example("a Torch7 file (Lua)", [4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0] + Array("V 1".utf8)),
    Example("a fastText model", [0xBA, 0x16, 0x4F, 0x2F, 12, 0, 0, 0, 1]),
    Example("Darknet weights (YOLO)", [0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9, 9, 9, 9]),
    Example("an archive of a torch preview version", "PYTORCH1"),
    Example("a JPEG image", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10, 0x4A, 0x46]),
    Example("a PNG image", [0x89] + Array("PNG\r\n\u{1A}\n".utf8)), Example("a GIF image", "GIF89a"),
    Example("a TIFF image", [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1]), Example("a WebP, WAV or AVI file", "RIFF\u{24}"),
    Example("an MP4 file", "ftypisom", at: 4), Example("a PDF document", "%PDF-1.7"),
    Example("a MATLAB file", "MATLAB 5.0 MAT-file"), Example("a Parquet file", "PAR1"),
    Example("an Arrow file", "ARROW1"), Example("an SQLite database", "SQLite format 3"),
    Example("a Linux program or library (ELF)", [0x7F] + Array("ELF\u{2}\u{1}\u{1}\u{0}\u{0}".utf8)),
    Example("a macOS program or library (Mach-O)", [0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1, 3]),
    Example("a bzip2 stream", "BZh9"), Example("an xz stream", [0xFD] + Array("7zXZ\u{0}".utf8) + [0, 0, 4]),
    Example("a zstd stream", [0x28, 0xB5, 0x2F, 0xFD, 4, 0, 0, 0]),
    Example("an lz4 stream", [4, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0]), Example("an lzip stream", "LZIP\u{1}"),
    Example("a compress stream (.Z)", [0x1F, 0x9D, 0x90, 1, 2, 3, 4, 5]),
    Example("a 7-Zip archive", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]), Example("a RAR archive", "Rar!\u{1A}"),
    Example("a zlib stream (joblib.dump with compress)", [0x78, 0x9C, 1, 2, 3, 4, 5, 6]),
    Example("a file of zeros", [UInt8](repeating: 0, count: 64)),
    Example("an ONNX model", [8, 8] + field(2, "pytorch") + field(3, "2.13")),
    Example("an ONNX model", [8, 10, 0x3A, 120, 0x0A, 8] + field(1, "x")),
    Example(
      "a Core ML model", [8, 5] + field(2, field(1, field(1, "image") + field(3, [])) + field(10, field(1, "out")))),
    Example("a TensorFlow SavedModel", [8, 1] + field(2, field(1, field(2, field(1, field(1, "Add")))))),
    Example("a TensorFlow graph", field(1, field(1, "input") + field(2, "Placeholder"))),
    Example(
      "a Paddle program (.pdmodel, __model__)",
      [0x0A, 60, 8, 0, 0x10] + [UInt8](repeating: 0xFF, count: 9) + [1, 0x1A, 9]),
    Example("a SentencePiece tokenizer", field(1, field(1, "<unk>") + [0x15, 0, 0, 0, 0, 0x18, 2])),
    Example(
      "parameters of a Paddle program (.pdiparams, __params__ or a Paddle 1 variable)",
      [UInt8](repeating: 0, count: 16) + [6, 0, 0, 0, 8, 5, 0x10, 3, 0x10, 4, 0, 0]),
    Example("MessagePack (Flax)", [0x81, 0xA6] + Array("params".utf8) + [0x80]),
    Example("MessagePack (Flax)", [0xDE, 0, 20, 0xD9, 40] + Array(String(repeating: "k", count: 40).utf8) + [0x80]),
    Example("an OpenVINO model", "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">"),
    Example("an SVG image", "<svg xmlns=\"http://www.w3.org/2000/svg\">"),
    Example("a web page", "\n<!DOCTYPE html>"),
    Example("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n"),
    Example("a git-annex pointer", "/annex/objects/SHA256E-s5--0\n"),
    Example("a DVC pointer", "outs:\n- md5: 00\n  path: m.pth\n"),
    Example("a list of TensorFlow checkpoints", "model_checkpoint_path: \"model.ckpt-1\"\n"),
    Example("an ncnn model", "7767517\n75 83\n"),
    Example("a YAML file, possibly a model configuration", Array("# config\nmodel:\n  name: resnet\n".utf8)),
    Example("a text file", Array("Error 404: the file could not be found\n".utf8)),
  ]

  @Test("by their bytes, with what to do", arguments: examples)
  func named(_ example: Example) throws {
    let error = #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(example.bytes) }
    #expect(error?.message == "This is \(example.name), not a checkpoint.")
    #expect(error?.remedy?.isEmpty == false)
  }

  @Test("and every row of the table has an example here")
  func complete() {
    #expect(Set(ForeignFormat.table.map(\.name)) == Set(Self.examples.map(\.name)))
  }

  @Test("A JSON text says what it is for")
  func json() {
    for (text, word) in [
      (#"{"error":"Repository not found"}"#, "repository not found"),
      (#"{"architectures": ["Bert"], "model_type": "bert"}"#, "configuration"), (#"{"a": 1}"#, "index"),
    ] {
      let error = #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(Array(text.utf8)) }
      #expect(error?.remedy?.contains(word) == true)
    }
  }
}
