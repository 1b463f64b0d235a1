import Foundation
import StateDicts
import Testing

/// A file appears whole under its name or not at all.
struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ text: String, to file: AtomicFile, at offset: Int = 0) throws(CheckpointError) {
    let store = ByteStore(copying: text.utf8)
    try unsafe store.withUnsafeBytes { bytes throws(CheckpointError) in try unsafe file.write(bytes, at: offset) }
  }

  @Test("nothing has the name before the file is whole, and then it is all there")
  func commit() throws {
    let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: false)
    try write("world", to: file, at: 6)
    try write("hello ", to: file)
    #expect(try !folder.names.contains("m.swt"))
    try file.commit()
    #expect(try folder.names == ["m.swt"])
    #expect(try folder.contents("m.swt") == Array("hello world".utf8))
  }

  @Test("where /proc is not mounted, the file is hidden until it is whole, and removed if it is not finished")
  func withoutProc() throws {
    let nowhere = FilePath(folder.path("proc"))
    for text in ["one", "two"] {
      let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: true, descriptors: nowhere)
      try write(text, to: file)
      #expect(try folder.names.contains { $0.hasPrefix(".m.swt") })
      try file.commit()
      #expect(try folder.names == ["m.swt"])
      #expect(try folder.contents("m.swt") == Array(text.utf8))
    }
    _ = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: true, descriptors: nowhere)
    #expect(try folder.names == ["m.swt"])
  }

  @Test("a file that is not finished leaves nothing, and an older one as it was")
  func unfinished() throws {
    try folder.write(Array("old".utf8), "m.swt")
    do {
      let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: true)
      try write("new", to: file)
    }
    #expect(try folder.names == ["m.swt"])
    #expect(try folder.contents("m.swt") == Array("old".utf8))
  }

  @Test("an older file is replaced only where that is asked for, and keeps its readers")
  func overwriting() throws {
    try folder.write(Array("old".utf8), "m.swt")
    #expect(throws: CheckpointError(.outputExists, "")) {
      try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: false)
    }
    let reader = try FileHandle(forReadingFrom: folder.url.appendingPathComponent("m.swt"))
    let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: true)
    try write("new", to: file)
    #expect(try folder.contents("m.swt") == Array("old".utf8))
    try file.commit()
    #expect(try folder.contents("m.swt") == Array("new".utf8))
    #expect(try reader.readToEnd() == Data("old".utf8))
    #expect(try folder.names == ["m.swt"])
  }

  @Test("a file that appears meanwhile is not overwritten, and nothing is left")
  func appearing() throws {
    do {
      let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: false)
      try write("new", to: file)
      try folder.write(Array("other".utf8), "m.swt")
      #expect(throws: CheckpointError(.outputExists, "")) { try file.commit() }
    }
    #expect(try folder.names == ["m.swt"])
    #expect(try folder.contents("m.swt") == Array("other".utf8))
  }

  @Test("a folder that appears under the name meanwhile stays, and nothing is left beside it")
  func folderAppearing() throws {
    do {
      let file = try AtomicFile(path: FilePath(folder.path("m.swt")), overwrites: true)
      try write("new", to: file)
      try FileManager.default.createDirectory(atPath: folder.path("m.swt"), withIntermediateDirectories: false)
      #expect(throws: CheckpointError(.cannotCreate, "")) { try file.commit() }
    }
    #expect(try folder.names == ["m.swt"])
  }

  @Test("a folder in place of a file, and a folder that is not there, are told apart in words")
  func places() throws {
    let isFolder = #expect(throws: CheckpointError(.cannotCreate, "")) {
      try AtomicFile(path: FilePath(folder.url.path), overwrites: true)
    }
    #expect(isFolder?.message == "A folder with this name exists.")
    let nowhere = #expect(throws: CheckpointError(.cannotCreate, "")) {
      try AtomicFile(path: FilePath(folder.path("none/m.swt")), overwrites: false)
    }
    #expect(nowhere?.message.hasPrefix("The file cannot be created: ") == true)
    #expect(nowhere?.file == folder.path("none/m.swt"))
  }

  @Test("a file may be replaced through a name of 200 letters and more")
  func longNames() throws {
    let name = String(repeating: "n", count: 250)
    for text in ["one", "two"] {
      let file = try AtomicFile(path: FilePath(folder.path(name)), overwrites: true)
      try write(text, to: file)
      try file.commit()
      #expect(try folder.contents(name) == Array(text.utf8))
    }
    #expect(try folder.names == [name])
  }
}
