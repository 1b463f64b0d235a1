import Foundation
import StateDicts
import Testing

@Suite("inspect --html and diff --html") struct HTMLReportTests {
  let folder: TemporaryFolder
  let file: String
  let page: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("weights.swt")
    page = folder.path("report.html")
    try StateDict([
      ("</script><script>alert('&')</script>", Tensor([1, .nan] as [Float], shape: [2])),
      ("{{script}}.weight", Tensor([3, 4, 4] as [Float], shape: [3])),
    ]).write(to: URL(fileURLWithPath: file))
  }

  /// The text between two marks, without them.
  private func part(_ text: String, from start: String, to end: String) throws -> Substring {
    let from = try #require(text.firstRange(of: start)).upperBound
    return try text[from..<#require(text[from...].firstRange(of: end)).lowerBound]
  }

  @Test("What the page shows is one block of JSON without markup")
  func data() throws {
    #expect(try Command("inspect", file, "--html", page).code == 0)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let data = try part(text, from: "id=\"data\">", to: "</script>")
    #expect(!data.contains("<") && !data.contains("&"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any])
    let tensors = try #require(object["tensors"] as? [String: [Any]])
    #expect(tensors["name"] as? [String] == ["</script><script>alert('&')</script>", "{{script}}.weight"])
    #expect(tensors["statistics"]?.last as? [Double] == [3, 4, 3.6666667, 0.57735026, 0, 0, 0])
    #expect((tensors["histogram"]?.last as? String)?.utf8.count == 32)
    // Each part of the page is there once: nothing in the names was taken for a place of the template.
    #expect(text.components(separatedBy: "\"use strict\"").count == 2)
  }

  @Test("The title is escaped, and an existing page is kept")
  func existing() throws {
    let odd = folder.path("a<b>&\u{202E}.swt")
    try FileManager.default.copyItem(atPath: file, toPath: odd)
    #expect(try Command("inspect", odd, "--html", page).code == 0)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(try part(text, from: "<title>", to: "</title>").hasSuffix("a&lt;b&gt;&amp;\\u202e.swt"))
    let again = try Command("inspect", file, "--html", page)
    #expect(again.code == 73 && again.errors.contains("--force"))
    #expect(try Command("inspect", file, "--html", page, "--force").code == 0)
  }

  @Test("Options that do not go together are usage errors")
  func usage() throws {
    #expect(try Command("inspect", file, file, "--html", page).code == 64)
    #expect(try Command("inspect", file, "--model", "resnet18").code == 64)
  }

  @Test("The page of a difference has a column for each figure, and names of files without their folders")
  func difference() throws {
    let other = folder.path("<b>.swt")
    try StateDict([
      ("{{script}}.weight", Tensor([3, 4, 5] as [Float], shape: [3])), ("new", Tensor([1] as [Float], shape: [1])),
    ]).write(to: URL(fileURLWithPath: other))
    let run = try Command("diff", file, other, "--html", page)
    #expect(run.code == 1 && run.output == "")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(try part(text, from: "<title>", to: "</title>") == "Changes from weights.swt to &lt;b&gt;.swt")
    #expect(!text.contains(folder.url.path))
    let data = try part(text, from: "id=\"data\">", to: "</script>")
    #expect(!data.contains("<") && !data.contains("&"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any])
    let changes = try #require(object["difference"] as? [String: [Any]])
    #expect(changes["state"] as? [Int] == [2, 5, 4])
    #expect(changes["largest"]?.first as? Double == 1 && changes["distance"]?.last is NSNull)
    #expect(changes["distance"]?.first as? Double == 0.15617377)
    #expect(try Command("diff", file, other, "--html", page).code == 73)
    #expect(try Command("diff", file, other, "--html", page, "--force", "--json").code == 1)
    #expect(try Command("diff", file, other, "--force").code == 64)
    #expect(try Command("diff", file, file, "--html", page, "--force").code == 0)
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("bit by bit"))
  }
}
