import Foundation
import StateDicts
import Testing

@testable import TorchHub

struct FolderTests {
  @Test(
    "the folder is the one that torch.hub takes",
    arguments: [
      ([:], "/home/ada/.cache/torch/hub/checkpoints"),
      (["XDG_CACHE_HOME": "/cache"], "/cache/torch/hub/checkpoints"),
      (["XDG_CACHE_HOME": "/cache/"], "/cache/torch/hub/checkpoints"),
      (["XDG_CACHE_HOME": "~/c"], "/home/ada/c/torch/hub/checkpoints"),
      (["TORCH_HOME": "/models"], "/models/hub/checkpoints"),
      (["TORCH_HOME": "/models", "XDG_CACHE_HOME": "/cache"], "/models/hub/checkpoints"),
      (["TORCH_HOME": "~"], "/home/ada/hub/checkpoints"),
      (["TORCH_HOME": "~/m/~"], "/home/ada/m/~/hub/checkpoints"),
      (["TORCH_HOME": "~", "HOME": "/"], "/hub/checkpoints"),
      (["TORCH_HOME": "/a~b"], "/a~b/hub/checkpoints"),
    ] as [([String: String], String)])
  func folder(environment: [String: String], path: String) {
    let all = ["HOME": "/home/ada"].merging(environment) { $1 }
    #expect(HubFolder(environment: all).url.path == path)
  }

  @Test(
    "a variable set to nothing makes the folder relative, as torch has it",
    arguments: [("TORCH_HOME", "hub/checkpoints"), ("XDG_CACHE_HOME", "torch/hub/checkpoints")])
  func emptyVariable(name: String, path: String) {
    let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    let expected = here.appendingPathComponent(path).path
    #expect(HubFolder(environment: ["HOME": "/home/ada", name: ""]).url.path == expected)
  }

  @Test("a path of a user who does not exist stays as it is")
  func unknownUser() {
    let folder = HubFolder(environment: ["TORCH_HOME": "~no-such-user-here/x"])
    #expect(folder.url.path.hasSuffix("/~no-such-user-here/x/hub/checkpoints"))
  }

  @Test(
    "a file has the URL's last component for its name, escapes and all",
    arguments: [
      ("https://a.b/models/resnet18-5c106cde.pth", "resnet18-5c106cde.pth"),
      ("https://a.b/m.pth?token=x/y#z", "m.pth"),
      ("https://a.b/m%20n%2Fo.pth", "m%20n%2Fo.pth"),
      ("https://a.b/x;v=1/m.pth;v=2", "m.pth"),
    ])
  func name(text: String, expected: String) throws {
    let url = try #require(URL(string: text))
    #expect(try WeightsName(of: url, asked: nil).text == expected)
  }

  @Test(
    "a URL or a name that names no file is refused",
    arguments: [
      ("https://a.b", nil), ("https://a.b/", nil), ("https://a.b/x/", nil), ("https://a.b/x/..", nil),
      ("https://a.b/m.pth", "../m.pth"), ("https://a.b/m.pth", ""), ("https://a.b/m.pth", "."),
    ] as [(String, String?)])
  func noName(text: String, asked: String?) throws {
    let url = try #require(URL(string: text))
    #expect(throws: CheckpointError(.unsupported, "")) { try WeightsName(of: url, asked: asked) }
  }

  @Test(
    "a hash in a name is eight hexadecimal digits or more between a hyphen and a full stop",
    arguments: [
      ("fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", "258fb6c6"),
      ("mobilenet_v2-b0353104.pth", "b0353104"),
      ("a-b0353104c0ffee.tar.gz", "b0353104c0ffee"),
      ("ssd-1.0-b0353104.pth", "b0353104"),
      ("model-2.pth", nil),
      ("model-b0353104", nil),
      ("model-B0353104.pth", nil),
      ("model-b0353104g.pth", nil),
      ("model_b0353104.pth", nil),
    ] as [(String, String?)])
  func hash(name: String, digits: String?) throws {
    let url = try #require(URL(string: "https://a.b/" + name))
    #expect(try WeightsName(of: url, asked: nil).hashDigits == digits)
  }

  @Test("messages show a URL without its password and its query")
  func shown() throws {
    let url = try #require(URL(string: "https://ada:secret@a.b:8443/m.pth?token=secret"))
    #expect(url.shown == "https://a.b:8443/m.pth")
  }
}
