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

@Suite("Roles, folders and other values")
struct ContainersContentTests {
  @Test("Parameters and buffers of a module are told apart", arguments: ExpectedRow.all.filter { $0.parameters != nil })
  func roles(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    func names(_ role: NamedTensor.Role) -> Set<String> {
      Set(checkpoint.tensors.filter { $0.role == role }.map(\.name))
    }
    #expect(names(.parameter) == Set(row.parameters ?? []))
    #expect(names(.buffer) == Set(row.buffers ?? []))
  }

  @Test(
    "A module's state dict has its names, without buffers that are made anew",
    arguments: ExpectedRow.all.filter { $0.parameters != nil && $0.container == "zip" })
  func moduleNames(_ row: ExpectedRow) throws {
    let names = try Checkpoint(path: row.path).stateDict().names
    #expect(Set(names) == Set(row.tensors.map(\.name)))
  }

  @Test("Stale shards and tensors are left out, and noted", arguments: ExpectedRow.all.filter { $0.stale != nil })
  func stale(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(row.tensors.map(\.name)))
    for name in row.stale ?? [] { #expect(checkpoint.notes.contains { $0.contains(name) }) }
  }

  @Test(
    "Values of a distributed checkpoint are at their places in the state that was saved",
    arguments: ExpectedRow.all.filter { $0.bytesItems != nil })
  func values(_ row: ExpectedRow) throws {
    let checkpoint = try Checkpoint(path: row.path)
    for name in row.bytesItems ?? [] {
      var value = checkpoint.value
      for part in name.split(separator: ".") {
        if let place = Int(part), case .list(let items)? = try value?.kind {
          value = items.indices.contains(place) ? items[place] : nil
        } else {
          value = value?[String(part)]
        }
      }
      #expect(value != nil, "\(name)")
    }
    if row.bytesItems?.contains("epoch") == true { #expect(checkpoint.value?["epoch"]?.json() == .integer(3)) }
  }
}
