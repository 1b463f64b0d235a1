import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Paddle's pickles")
struct PaddleTests {
  @Test(
    "A tensor has the name of its key, in both layouts", arguments: ["paddle.pdparams", "paddle_flat.pdparams"])
  func names(_ file: String) throws {
    let row = try #require(ExpectedRow.all.first { $0.file == "plain_pickles/\(file)" })
    let checkpoint = try Checkpoint(path: row.path)
    #expect(Set(checkpoint.tensors.map(\.name)) == ["fc.weight", "fc.bias"])
    #expect(try [Float](#require(checkpoint.stateDict()["fc.weight"])) == [0, 1, 2, 3, 4, 5])
  }

  @Test("A call of tuple is a tuple, however many are in one another")
  func tuples() throws {
    func tuple(_ items: [UInt8]...) -> [UInt8] {
      PickleBytes.call(
        PickleBytes.global("builtins", "tuple"), Array("(".utf8) + items.flatMap { $0 } + Array("t".utf8))
    }
    let checkpoint = try Checkpoint(
      FileBytes.torch(PickleBytes.dict(("a", tuple(PickleBytes.text("x"), PickleBytes.vector)))))
    #expect(checkpoint.tensors.map(\.name) == ["a.1"])
    guard case .tuple(let items)? = try checkpoint.value?["a"]?.kind else {
      Issue.record("no tuple")
      return
    }
    #expect(items.count == 2)
    var deep = PickleBytes.text("end")
    for _ in 0..<5000 { deep = tuple(PickleBytes.text("x"), deep) }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(PickleBytes.whole(PickleBytes.list(deep))) }
  }
}
