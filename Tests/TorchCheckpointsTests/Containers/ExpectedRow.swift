import Digests
import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// What a file must hold, as `expected.json` says it.
///
/// The keys are explained in TestData/README.md.
struct ExpectedRow: Decodable, Sendable, CustomTestStringConvertible {
  struct Tensor: Decodable, Sendable {
    let name: String
    let dtype: String
    let shape: [Int]?
    let sha256: String?
    let kind: String?
    let components: [Component]?
    let quantization: Quantization?
    let requiresGrad: Bool?

    enum CodingKeys: String, CodingKey {
      case name, dtype, shape, sha256, kind, components, quantization
      case requiresGrad = "requires_grad"
    }
  }

  struct Component: Decodable, Sendable {
    let name: String
    let dtype: String
    let shape: [Int]
    let sha256: String
  }

  struct Quantization: Decodable, Sendable {
    let scheme: String
    let scale: Double?
    let zeroPoint: Int?
    let axis: Int?

    enum CodingKeys: String, CodingKey {
      case scheme, scale, axis
      case zeroPoint = "zero_point"
    }
  }

  let file: String
  let container: String?
  let tensors: [Tensor]
  let ties: [[String]]?
  let arrays: [Tensor]?
  let others: [Tensor]?
  let parameters: [String]?
  let buffers: [String]?
  let missing: [String]?
  let stale: [String]?
  let refused: String?
  let bytesItems: [String]?

  enum CodingKeys: String, CodingKey {
    case file, container, tensors, ties, arrays, others, parameters, buffers, missing, stale, refused
    case bytesItems = "bytes_items"
  }

  var testDescription: String { file }

  /// The folder of the repository's fixtures.
  static let fixtures = Repository.testData

  static func rows(of url: URL) throws -> [ExpectedRow] {
    try JSONDecoder().decode([ExpectedRow].self, from: Data(contentsOf: url))
  }

  static let all: [ExpectedRow] = (try? rows(of: fixtures.appending(path: "expected.json"))) ?? []

  var path: String { Self.fixtures.appending(path: "fixtures/\(file)").path }
}

extension TorchCheckpoints.NamedTensor {
  /// The SHA-256 of the bytes in C order, in hexadecimal.
  func sha256() throws -> String { try tensor.sha256() }
}

extension StateDicts.Tensor {
  /// The SHA-256 of the bytes in C order, in hexadecimal.
  func sha256() throws -> String {
    try unsafe withUnsafeBytes { bytes in
      try unsafe SHA256.hexDigest(of: bytes)
    }
  }
}
