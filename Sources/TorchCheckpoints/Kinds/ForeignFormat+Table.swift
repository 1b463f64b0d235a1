import StateDicts

extension ForeignFormat {
  /// Every format that is named.
  ///
  /// Magic numbers first, then other binary forms, then texts.
  static let table: [ForeignFormat] = models + data + packed + forms + texts

  private static func magic(_ text: String, at offset: Int = 0) -> Mark { .bytes(Array(text.utf8), at: offset) }

  // MARK: - Models of other frameworks

  private static let models = [
    ForeignFormat(
      "a GGUF model (llama.cpp)", "read it with llama.cpp or MLX, or use the model's safetensors files", magic("GGUF")),
    // Written as a 32-bit number, so the letters of ggml, ggmf, ggjt, ggla stand in reverse.
    ForeignFormat(
      "a GGML model (llama.cpp or whisper.cpp, before GGUF)",
      "read it with its own program, or use the .pt or safetensors file that it was made from",
      magic("lmgg"), magic("fmgg"), magic("tjgg"), magic("algg")),
    ForeignFormat(
      "a TensorFlow Lite model", "use the checkpoint that it was converted from, or read it with tf.lite.Interpreter",
      magic("TFL3", at: 4)),
    ForeignFormat(
      "an ExecuTorch program", "use the checkpoint or .pt2 file that it was exported from", magic("ET12", at: 4),
      magic("ET13", at: 4)),
    ForeignFormat(
      "ExecuTorch tensors (.ptd)", "use the checkpoint or .pt2 file that it was exported from",
      magic("FT01", at: 4)),
    ForeignFormat(
      "an HDF5 file (Keras)",
      "read it with h5py or keras in Python, and save the arrays with safetensors.numpy.save_file",
      .bytes([0x89, 0x48, 0x44, 0x46]), .bytes([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], at: 512)),
    ForeignFormat(
      "an index of a TensorFlow checkpoint",
      "read it with tf.train.load_checkpoint in Python, and save the arrays with safetensors.numpy.save_file",
      .ending([0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB])),
    ForeignFormat(
      "a TensorRT engine", "use the checkpoint or ONNX model that it was built from", magic("ptrt"), magic("ftrt")),
    ForeignFormat("an RKNN model", "use the checkpoint or ONNX model that it was converted from", magic("RKNN")),
    ForeignFormat(
      "MXNet parameters", "read them with mxnet.nd.load, and save the arrays with safetensors.numpy.save_file",
      .bytes([0x12, 1, 0, 0, 0, 0, 0, 0])),
    ForeignFormat(
      "a Torch7 file (Lua)", "read it with torchfile in Python, and save the arrays with torch.save",
      .bytes([4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0] + Array("V 1".utf8))),
    ForeignFormat(
      "a fastText model", "read it with fasttext.load_model in Python", .bytes([0xBA, 0x16, 0x4F, 0x2F])),
    ForeignFormat(
      "Darknet weights (YOLO)", "convert them with the model's own script, since the file has no tensor names",
      .bytes([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), .bytes([0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]),
      .bytes([0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0])),
    ForeignFormat(
      "an archive of a torch preview version", "save it again with torch 1.6 or later", magic("PYTORCH1")),
  ]

  // MARK: - Data, programs and pictures

  private static let beside = "look for the checkpoint next to it"

  private static let data = [
    ForeignFormat("a JPEG image", beside, .bytes([0xFF, 0xD8, 0xFF])),
    ForeignFormat("a PNG image", beside, .bytes([0x89, 0x50, 0x4E, 0x47])),
    ForeignFormat("a GIF image", beside, magic("GIF8")),
    ForeignFormat("a TIFF image", beside, .bytes([0x49, 0x49, 0x2A, 0]), .bytes([0x4D, 0x4D, 0, 0x2A])),
    ForeignFormat("a WebP, WAV or AVI file", beside, magic("RIFF")),
    ForeignFormat("an MP4 file", beside, magic("ftyp", at: 4)),
    ForeignFormat("a PDF document", beside, magic("%PDF")),
    ForeignFormat("a MATLAB file", "read it with scipy.io.loadmat in Python", magic("MATLAB 5.0")),
    ForeignFormat("a Parquet file", beside, magic("PAR1")),
    ForeignFormat("an Arrow file", beside, magic("ARROW1")),
    ForeignFormat("an SQLite database", beside, magic("SQLite format 3")),
    ForeignFormat("a Linux program or library (ELF)", beside, .bytes([0x7F, 0x45, 0x4C, 0x46])),
    ForeignFormat(
      "a macOS program or library (Mach-O)", beside, .bytes([0xCF, 0xFA, 0xED, 0xFE]),
      .bytes([0xCA, 0xFE, 0xBA, 0xBE])),
  ]

  // MARK: - Compressed files that are not unpacked here

  private static let packed = [
    ForeignFormat("a bzip2 stream", "unpack it first: bunzip2", magic("BZh")),
    ForeignFormat("an xz stream", "unpack it first: unxz", .bytes([0xFD, 0x37, 0x7A, 0x58, 0x5A])),
    ForeignFormat("a zstd stream", "unpack it first: unzstd", .bytes([0x28, 0xB5, 0x2F, 0xFD])),
    ForeignFormat("an lz4 stream", "unpack it first: unlz4", .bytes([0x04, 0x22, 0x4D, 0x18])),
    ForeignFormat("an lzip stream", "unpack it first: lzip -d", magic("LZIP")),
    ForeignFormat("a compress stream (.Z)", "unpack it first: uncompress", .bytes([0x1F, 0x9D])),
    ForeignFormat("a 7-Zip archive", "unpack it first: 7z x", .bytes([0x37, 0x7A, 0xBC, 0xAF])),
    ForeignFormat("a RAR archive", "unpack it first: unrar x", magic("Rar!")),
    ForeignFormat(
      "a zlib stream (joblib.dump with compress)",
      "load it in Python with joblib.load, and save it with torch.save",
      .form { $0.bytes.count > 2 && $0.bytes[0] == 0x78 && [0x01, 0x5E, 0x9C, 0xDA].contains($0.bytes[1]) }),
  ]

  // MARK: - Formats without a magic number

  private static let forms = [
    ForeignFormat(
      "a file of zeros", "the download is incomplete: start it again",
      .form { $0.bytes.count >= 8 && $0.bytes.allSatisfy { $0 == 0 } }),
    ForeignFormat(
      "an ONNX model",
      "use the checkpoint that it was exported from, or read it with onnx.numpy_helper.to_array in Python",
      .form { ProtobufHead($0.bytes).isONNX }),
    ForeignFormat(
      "a Core ML model", "use the checkpoint that it was converted from, or read it with coremltools",
      .form { ProtobufHead($0.bytes).isCoreML }),
    ForeignFormat(
      "a TensorFlow SavedModel",
      "load it with tf.saved_model.load in Python, and save its variables with safetensors.numpy.save_file",
      .form { ProtobufHead($0.bytes).isSavedModel }),
    ForeignFormat(
      "a TensorFlow graph", "load it in Python with TensorFlow; the weights of a frozen graph are constants",
      .form { ProtobufHead($0.bytes).isGraph }),
    ForeignFormat(
      "a Paddle program (.pdmodel, __model__)", "use the .pdparams file, or the parameters next to it",
      .form { ProtobufHead($0.bytes).isPaddleProgram }),
    ForeignFormat(
      "a SentencePiece tokenizer", beside, .form { ProtobufHead($0.bytes).isSentencePiece }),
    ForeignFormat(
      "parameters of a Paddle program (.pdiparams, __params__ or a Paddle 1 variable)",
      "load them in Python with paddle.static.load_inference_model, and save a state dict with paddle.save (.pdparams)",
      .form(isPaddleTensor)),
    ForeignFormat(
      "MessagePack (Flax)",
      "restore it with flax.serialization.msgpack_restore in Python, and save it with safetensors.flax.save_file",
      .form(isMessagePack)),
  ]

  /// Version 0, no levels of detail, version 0, then the size of a description: type and sizes of the tensor.
  private static func isPaddleTensor(_ head: FileHead) -> Bool {
    let bytes = head.bytes
    return bytes.count > 22 && bytes[0..<16].allSatisfy { $0 == 0 } && (3...127).contains(bytes[16])
      && bytes[17..<20].allSatisfy { $0 == 0 } && bytes[20] == 0x08 && bytes[21] < 0x20 && bytes[22] == 0x10
  }

  /// A map whose first key is a string of letters.
  private static func isMessagePack(_ head: FileHead) -> Bool {
    let bytes = head.bytes
    guard bytes.count > 4 else { return false }
    let start: Int
    switch bytes[0] {
    case 0x81...0x8F: start = 1
    case 0xDE: start = 3
    default: return false
    }
    let length = bytes[start] == 0xD9 ? Int(bytes[start + 1]) : Int(bytes[start]) - 0xA0
    let key = bytes.dropFirst(start + (bytes[start] == 0xD9 ? 2 : 1)).prefix(max(length, 0))
    return (1...64).contains(length) && key.count == length && key.allSatisfy { (0x2D..<0x7F).contains($0) }
  }

  // MARK: - Texts

  private static let page = "a web page"
  private static let browser = "open the link in a browser: it may need a login"

  private static let texts = [
    ForeignFormat(
      "an OpenVINO model", "use the checkpoint or ONNX model that it was converted from",
      .form { $0.text.hasPrefix("<?xml") && $0.text.contains("<net ") }),
    ForeignFormat("an SVG image", beside, .text("<svg")),
    ForeignFormat(page, browser, .text("<!doctype html"), .text("<html"), .text("<?xml"), .text("<head")),
    ForeignFormat(
      "a Git LFS pointer", "run git lfs pull in the clone",
      .text("version https://git-lfs")),
    ForeignFormat(
      "a git-annex pointer", "run git annex get in the clone",
      .text("/annex/objects/")),
    ForeignFormat(
      "a DVC pointer", "run dvc pull in the clone", .text("outs:\n- md5:")),
    ForeignFormat(
      "a list of TensorFlow checkpoints",
      "read them with tf.train.load_checkpoint in Python, and save the arrays with safetensors.numpy.save_file",
      .text("model_checkpoint_path:")),
    ForeignFormat("an ncnn model", "use the checkpoint that it was converted from", .text("7767517\n")),
    ForeignFormat(
      "a YAML file, possibly a model configuration", beside,
      .form { $0.isText && ($0.text.hasPrefix("---\n") || $0.text.hasPrefix("%yaml") || isYAML($0.text)) }),
    // A pickle of protocol 0 is a text too, and begins with one of these two.
    ForeignFormat(
      "a text file", "read it: it may be an error message",
      .form { $0.isText }),
  ]

  /// The first two lines are a key with its value, or with a list or mapping under it.
  private static func isYAML(_ text: String) -> Bool {
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    guard lines.count >= 2, let colon = lines[0].firstIndex(of: ":") else { return false }
    let key = lines[0][..<colon]
    let isKey = !key.isEmpty && key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    let rest = lines[0][colon...].dropFirst()
    return isKey && (rest.isEmpty || rest.hasPrefix(" ")) && (lines[1].contains(":") || lines[1].hasPrefix(" "))
  }
}
