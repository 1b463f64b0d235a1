import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Values of a pickle, by type, key and index, and decoded into types")
struct ValueAccessTests {
  private func value(_ name: String) throws -> CheckpointValue {
    try #require(Checkpoint(contentsOf: Repository.fixture(name)).value)
  }

  @Test("hyper-parameters are decoded into a struct")
  func hyperParameters() throws {
    struct Options: Decodable, Equatable {
      let lr: Double
      let layers: [Int]
      let name: String?
    }
    let values = try #require(value("state_dicts/lightning.pth")["hyper_parameters"])
    #expect(try values.decode(Options.self) == Options(lr: 0.1, layers: [1, 2], name: nil))
    #expect(values["lr"]?.doubleValue == 0.1 && values["lr"]?.intValue == nil)
    #expect(values["layers"]?[1]?.intValue == 2 && values["layers"]?[2] == nil)
    #expect(values["name"]?.isNull == true && values["name"]?.stringValue == nil)
    #expect(throws: DecodingError.self) { try values.decode([String: Int].self) }
  }

  @Test("the attributes of an object are members, tuples and sets are arrays, keys may be numbers")
  func objects() throws {
    struct Arguments: Decodable {
      let steps: [Int]
      let tags: Set<String>
      let names: [Int: String]
    }
    let state = PickleBytes.dict(
      ("steps", PickleBytes.tuple(PickleBytes.small(1), PickleBytes.small(2))),
      ("tags", PickleBytes.call(PickleBytes.global("builtins", "set"), PickleBytes.list(PickleBytes.text("a")))),
      ("names", [0x7D] + Array("(".utf8) + PickleBytes.small(7) + PickleBytes.text("seven") + Array("u".utf8)))
    let body = PickleBytes.dict(
      ("w", PickleBytes.vector), ("args", PickleBytes.object("argparse", "Namespace", state: state)))
    let value = try #require(Checkpoint(FileBytes.torch(body)).value)
    let arguments = try #require(try value["args"]?.decode(Arguments.self))
    #expect(arguments.steps == [1, 2] && arguments.tags == ["a"] && arguments.names == [7: "seven"])
    #expect(value["args"]?["steps"]?[0]?.intValue == 1)
    #expect(value["w"]?.tensorValue?.shape == [4] && value["args"]?.tensorValue == nil)
  }

  @Test("a list that holds itself is not followed without end")
  func cycle() throws {
    final class Chain: Decodable {
      let next: Chain?
      init(from decoder: any Decoder) throws {
        var items = try decoder.unkeyedContainer()
        next = try items.decodeIfPresent(Chain.self)
      }
    }
    // A list, put into the memo, which is appended to itself.
    let cycle: [UInt8] = [0x5D, 0x71, 0, 0x68, 0, 0x61]
    let value = try #require(
      Checkpoint(FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector), ("l", cycle)))).value)
    #expect(throws: DecodingError.self) { try value["l"]?.decode(Chain.self) }
  }
}
