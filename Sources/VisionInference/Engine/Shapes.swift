/// What is done to each number after a step.
package enum Nonlinearity: Hashable, Sendable {
  case none
  /// max(x, 0).
  case relu
  /// min(max(x, 0), 6).
  case relu6
}

/// How a window's numbers become one.
enum Pooling: Hashable {
  case maximum
  case mean
}

/// The window of a pooling, in pixels.
struct WindowShape: Hashable {
  let height: Int
  let width: Int
  let stride: Int
  let padding: Int

  /// The size of what comes out, for one dimension.
  static func outputs(_ size: Int, kernel: Int, stride: Int, padding: Int, dilation: Int = 1) -> Int {
    (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }
}

/// The geometry of a convolution: everything that its kernel depends on except the size of the activation.
struct ConvolutionShape: Hashable, CustomStringConvertible {
  let inputs: Int
  let outputs: Int
  let kernel: Int
  let stride: Int
  let padding: Int
  let dilation: Int
  let groups: Int
  var usesWinograd = false
  /// Whether it is a strip of a larger image, with the rows above and below it at hand: it is padded left and right
  /// only.
  var isStrip = false

  /// [out, in / groups, height, width], with the groups before them where there are any.
  var weightDimensions: [Int] {
    groups == 1
      ? [outputs, inputs, kernel, kernel] : [groups, outputs / groups, inputs / groups, kernel, kernel]
  }

  /// The fewest channels and the smallest side for which Winograd's algorithm won wherever it was measured;
  /// `docs/inference.md` has the figures.
  private static let fewestWinogradChannels = 32
  private static let smallestWinogradSide = 4

  /// Whether Winograd's algorithm is to be tried: a rule over shapes alone, so that it is the same on every run.
  func suitsWinograd(height: Int, width: Int) -> Bool {
    kernel == 3 && stride == 1 && dilation == 1 && padding == 1 && groups == 1
      && min(inputs, outputs) >= Self.fewestWinogradChannels && min(height, width) >= Self.smallestWinogradSide
  }

  /// From how many channels on an image is cut into strips for Winograd's algorithm: with fewer, oneDNN keeps its
  /// transformed tiles in the cache by itself.
  private static let fewestStripChannels = 256
  /// The most tiles of 4x4 that a strip may have.
  ///
  /// It bounds the scratch memory, which otherwise holds all transformed
  /// tiles of input and output, 4.5 times an activation; and some larger counts of tiles have slow kernels.
  private static let mostStripTiles = 200

  /// How many rows of the result are computed at once; nil for all of them.
  ///
  /// All strips have the same height, a multiple of 4, so that they share a kernel and its weights. Among the heights
  /// down to half of what is allowed, the one is taken whose last strip computes the fewest rows anew.
  func stripHeight(images: Int, height: Int, width: Int) -> Int? {
    let rows = (height + 3) / 4
    let columns = (width + 3) / 4 * images
    guard usesWinograd, min(inputs, outputs) >= Self.fewestStripChannels, rows * columns > Self.mostStripTiles,
      rows > 1
    else { return nil }
    let most = min(max(Self.mostStripTiles / columns, 1), rows - 1)
    func excess(_ candidate: Int) -> Int { (rows + candidate - 1) / candidate * candidate - rows }
    return ((most + 1) / 2...most).reversed().min { excess($0) < excess($1) }.map { $0 * 4 }
  }

  var description: String {
    "\(inputs) -> \(outputs), \(kernel)x\(kernel), stride \(stride), padding \(padding), dilation \(dilation), "
      + "groups \(groups)"
  }
}
