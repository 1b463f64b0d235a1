import StateDicts
import Testing
import TorchCheckpoints

@Suite("Every fixture, compared tensor by tensor")
struct ContainersFixtureTests {
  @Test("The fixtures are there")
  func fixturesAreThere() {
    #expect(ExpectedRow.all.count > 200)
  }

  @Test("A sound file holds what torch wrote into it", arguments: ExpectedRow.all.filter { $0.refused == nil })
  func soundFile(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    let found = mismatches(checkpoint, row)
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("A file that must be refused is, in words", arguments: ExpectedRow.all.filter { $0.refused != nil })
  func refusedFile(_ row: ExpectedRow) throws {
    let error = #expect(throws: CheckpointError.self) {
      let checkpoint = try Checkpoint(path: row.path)
      for item in checkpoint.tensors { _ = try item.sha256() }
    }
    for name in row.missing ?? [] { #expect(error?.description.contains(name) == true) }
  }
}
