import Testing

@testable import StateDicts

@Suite("Names in a table")
struct NameTableTests {
  @Test("Each name has one place, found by its bytes, however far the table grows")
  func places() {
    var table = NameTable(capacity: 0)
    let names = (0..<5000).map { "layers.\($0).weight" }
    for (place, name) in names.enumerated() { #expect(table.insert(name) == (place, true)) }
    for (place, name) in names.enumerated() { #expect(table.insert(name) == (place, false)) }
    #expect(table.names == names)
    #expect(names.allSatisfy { table.place(of: $0).map { table.names[$0] } == $0 })
    #expect(table.place(of: "layers.5000.weight") == nil)
    #expect(NameTable(capacity: 10).place(of: "") == nil)
  }

  @Test("Names that look the same and have other bytes are two")
  func accents() {
    var table = NameTable(capacity: 2)
    #expect(table.insert("caf\u{E9}") == (0, true))
    #expect(table.insert("cafe\u{301}") == (1, true))
    #expect(table.place(of: "caf\u{E9}") == 0)
  }
}
