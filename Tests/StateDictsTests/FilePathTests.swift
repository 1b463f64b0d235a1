import Foundation
import StateDicts
import Testing

@Suite struct FilePathTests {
  @Test(
    "the reversible text of any bytes is that of no other, and leads back to them",
    arguments: [
      [], Array("a/ü.pth".utf8), [0xFF], [0xFE], [0x61, 0xC3], [0xC3, 0x28], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80],
      Array("\u{10FF80}\u{10FFFF}\u{10FF7F}".utf8), [0xE2, 0x82, 0x2F, 0xFF, 0x0A],
    ] as [[UInt8]])
  func reversible(_ bytes: [UInt8]) {
    let path = FilePath(bytes: bytes)
    #expect(FilePath(reversibleText: path.reversibleText) == path)
    #expect(
      path.reversibleText.utf8.elementsEqual(bytes) == (String(bytes: bytes, encoding: .utf8) == path.reversibleText))
  }

  @Test("a byte that is not UTF-8 is shown by its number")
  func description() {
    #expect(FilePath(bytes: [0x61, 0xFF, 0xC3, 0xBC, 0xC3]).description == "a\\xffü\\xc3")
  }

  @Test("a file URL's percent escapes are bytes")
  func url() throws {
    #expect(
      try FilePath(#require(URL(string: "file:///tmp/a%FF%20%C3%BC%25"))).bytes == Array("/tmp/a".utf8) + [0xFF]
        + Array(" ü%".utf8))
    #expect(FilePath(URL(fileURLWithPath: "/tmp/a b;c?d#e%41")) == FilePath("/tmp/a b;c?d#e%41"))
  }

  @Test("folder, name and joining are as dirname, basename and a slash have them")
  func parts() {
    #expect(["a", "/a", "a/b", "/a/b"].map { FilePath($0).folder.description } == [".", "/", "a", "/a"])
    #expect(["a", "/a", "a/b", "a/b/"].map { FilePath($0).name.description } == ["a", "a", "b", "b"])
    #expect(
      [".", "/", "a", "a/"].map { FilePath($0).appending(FilePath("b")).description } == ["b", "/b", "a/b", "a/b"])
  }

  @Test("a path with a zero byte is that of no file")
  func zero() {
    #expect(throws: CheckpointError(.notFound, "")) { try FilePath("/dev/null\0x").contents() }
  }
}
