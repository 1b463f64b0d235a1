import Foundation
import StateDicts
import Testing

@testable import TorchHub

struct HuggingFaceTests {
  // MARK: Addresses

  @Test(
    "an address has a repository, a revision and a path",
    arguments: [
      ("hf://ada/m", "ada/m", "main", ""),
      ("hf://ada/m/", "ada/m", "main", ""),
      ("HF://models/ada/m/a.pth", "ada/m", "main", "a.pth"),
      ("hf://ada/m@v1/sub/a b@2.pth", "ada/m", "v1", "sub/a b@2.pth"),
      ("hf://ada/m@a%2Fb/x", "ada/m", "a/b", "x"),
      ("hf://ada/m@refs/pr/12/x/y", "ada/m", "refs/pr/12", "x/y"),
      ("hf://ada/m@refs/heads", "ada/m", "refs", "heads"),
    ])
  func address(text: String, repository: String, revision: String, path: String) throws {
    let address = try HuggingFaceAddress(text)
    #expect(address == (try HuggingFaceAddress(repository: repository, revision: revision, path: path)))
    #expect(try HuggingFaceAddress(address.description) == address)
  }

  @Test(
    "names that Hugging Face does not have, and paths that lead elsewhere, are refused",
    arguments: [
      "hf://", "hf://ada", "hf:///m", "hf://ada//m", "hf://../m/x", "hf://ada/..", "hf://ada/m--n", "hf://ada/-m",
      "hf://ada/m.git", "hf://a\u{E9}a/m", "hf://ada/m@", "hf://ada/m@../x", "hf://ada/m@a%2F..%2Fb/x",
      "hf://ada/m@%2Fetc/x", "hf://ada/m@a%00b/x", "hf://ada/m@%zz/x", "hf://ada/m/../x", "hf://ada/m/a/../../x",
      "hf://ada/m//etc/passwd", "hf://ada/m/a\\b", "hf://ada/m/a\u{1B}[2J", "hf://ada/m/a\nb", "hf://ada/m/./x",
      "hf://datasets/ada/m/x", "hf://spaces/ada/m", "https://huggingface.co/ada/m",
      "hf://ada/" + String(repeating: "m", count: 97), "hf://ada/m/" + String(repeating: "n", count: 256),
    ])
  func badAddress(text: String) {
    #expect(throws: CheckpointError(.unsupported, "")) { try HuggingFaceAddress(text) }
  }

  @Test(
    "an ETag is the name of a blob only if it can be a file's",
    arguments: [
      ("\"abc\"", "abc"), ("W/\"a-1\"", "a-1"), ("abc", "abc"), ("\"../x\"", nil), ("\"..\"", nil), ("\"\"", nil),
      ("\"a/b\"", nil), ("\"a\\b\"", nil), ("\".lock\"", nil), ("\"a\u{0}\"", nil),
      ("\"" + String(repeating: "a", count: 201) + "\"", nil),
    ])
  func tag(field: String, name: String?) {
    #expect(FileTag(field)?.text == name)
  }

  // MARK: The environment

  @Test(
    "the cache is the one of huggingface_hub",
    arguments: [
      ([:], "/home/ada/.cache/huggingface/hub"), (["XDG_CACHE_HOME": "/c"], "/c/huggingface/hub"),
      (["HF_HOME": "/hf", "XDG_CACHE_HOME": "/c"], "/hf/hub"), (["HF_HOME": "~/hf"], "/home/ada/hf/hub"),
      (["HF_HOME": "$BASE/${X}y", "BASE": "/b", "X": "x"], "/b/xy/hub"),
      (["HF_HOME": "/$NONE/${NONE}/$"], "/$NONE/${NONE}/$/hub"),
      (["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/hf"], "/old"),
      (["HF_HUB_CACHE": "~/new", "HUGGINGFACE_HUB_CACHE": "/old"], "/home/ada/new"),
    ] as [([String: String], String)])
  func folder(environment: [String: String], path: String) throws {
    let all = ["HOME": "/home/ada"].merging(environment) { $1 }
    #expect(try HuggingFaceHub(environment: all).cacheFolder.path == path)
  }

  @Test("the token comes from HF_TOKEN or a file, is cleaned, and is nowhere printed")
  func token() throws {
    let bench = try Bench()
    try bench.put(Data(" hf_fromfile\n".utf8), as: "token")
    var environment = ["HF_HOME": bench.folder.path]
    func hub() throws -> HuggingFaceHub { try HuggingFaceHub(environment: environment) }
    #expect(try hub().token?.authorization == "Bearer hf_fromfile")
    environment["HUGGING_FACE_HUB_TOKEN"] = "hf_old"
    environment["HF_TOKEN"] = ""
    #expect(try hub().token?.authorization == "Bearer hf_old")
    environment["HF_TOKEN"] = "hf_s3cret\r\n"
    let found = try hub()
    #expect(found.token?.authorization == "Bearer hf_s3cret")
    var dumped = ""
    dump(found, to: &dumped)
    for text in ["\(found)", String(reflecting: found), String(describing: found.token), dumped] {
      #expect(!text.contains("s3cret"))
    }
    for text in ["a b", "a\u{0}b", "\u{E4}"] {
      environment["HF_TOKEN"] = text
      let error = #expect(throws: CheckpointError.self) { try hub() }
      #expect(error?.message.contains(text) == false)
    }
    environment = ["HF_HOME": bench.folder.path, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]
    #expect(try hub().token == nil)
    environment = ["HF_TOKEN_PATH": bench.folder.path + "/none"]
    #expect(try hub().token == nil)
  }

  @Test("the endpoint is an http or https URL, and offline is what Python takes for it")
  func endpoint() throws {
    func hub(_ environment: [String: String]) throws -> HuggingFaceHub {
      try HuggingFaceHub(environment: ["HF_HOME": "/none"].merging(environment) { $1 })
    }
    #expect(try hub([:]).endpoint.absoluteString == "https://huggingface.co")
    #expect(try hub(["HF_ENDPOINT": "http://h:8080/hf//"]).endpoint.absoluteString == "http://h:8080/hf")
    for text in ["file:///etc", "huggingface.co", "https://", "https://a:b@c", "https://a?b"] {
      #expect(throws: CheckpointError(.unsupported, "")) { try hub(["HF_ENDPOINT": text]) }
    }
    for (text, isOffline) in [("1", true), ("yes", true), ("True", true), ("0", false), ("", false)] {
      #expect(try hub(["HF_HUB_OFFLINE": text]).isOffline == isOffline)
    }
    #expect(try hub(["HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "1"]).isOffline)
    let mirror = try hub(["HF_ENDPOINT": "https://hub.test"])
    for (text, isEndpoint) in [
      ("https://HUB.test:443/x", true), ("http://hub.test/x", false), ("https://hub.test:444/x", false),
      ("https://hub.test.evil/x", false), ("https://huggingface.co/x", false),
    ] {
      #expect(mirror.isEndpoint(try #require(URL(string: text))) == isEndpoint, "\(text)")
    }
  }
}
