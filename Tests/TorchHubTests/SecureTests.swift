#if os(Linux)
  import Foundation
  import StateDicts
  import Testing

  /// https with certificates made for the test: whole downloads (`verify`) and parts (`inspect`).
  @Suite(.enabled(if: SecureServer.isPossible, "openssl and python3 are needed"))
  struct SecureTests {
    private let bench: Bench
    private let server: LoopbackServer

    /// The server redirects `/to?URL` to the URL, and has one file under every other path.
    init() throws {
      bench = try Bench()
      let file = bench.folder.appendingPathComponent("local.pth")
      try StateDict([("w", try Tensor((0..<50_000).map { Float($0) }, shape: [200, 250]))]).write(to: file)
      let bytes = try Data(contentsOf: file)
      server = try LoopbackServer { request in
        guard request.path.hasPrefix("/to?") else { return .part(bytes, request) }
        return LoopbackServer.Reply(status: 302, fields: ["Location": String(request.path.dropFirst(4))])
      }
    }

    private func run(_ subcommand: String, _ url: String, trusting secure: SecureServer?, _ options: String...) throws
      -> Bench.Outcome
    {
      try bench.run(
        "pth2swt", [subcommand, url] + options,
        ["TMPDIR": bench.folder.path, "SSL_CERT_FILE": secure?.certificate ?? ""])
    }

    /// What the folder has beside the file of the test: nothing is left of a download that was refused.
    private var left: [String] {
      get throws {
        let paths = FileManager.default.enumerator(atPath: bench.folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.contains(".pth") && $0 != "local.pth" }
      }
    }

    @Test("a server whose certificate is trusted gives the file", arguments: ["verify", "inspect"])
    func trusted(subcommand: String) throws {
      let secure = try SecureServer(server)
      let run = try run(subcommand, secure.url("/m.pth"), trusting: secure)
      #expect(run.status == 0, "\(run.errors)")
      #expect(!server.requests.isEmpty)
      #expect(try left.isEmpty == (subcommand == "inspect"))
    }

    @Test(
      "a certificate that nobody vouches for is refused before anything is asked", arguments: ["verify", "inspect"])
    func untrusted(subcommand: String) throws {
      let secure = try SecureServer(server)
      try expectRefusal(subcommand, secure, trusting: nil)
      // Nor does trust in another one help.
      try expectRefusal(subcommand, secure, trusting: SecureServer(server))
    }

    @Test("a certificate for another host is refused", arguments: ["verify", "inspect"])
    func otherHost(subcommand: String) throws {
      let secure = try SecureServer(server, names: "DNS:example.org,IP:127.0.0.2")
      try expectRefusal(subcommand, secure, trusting: secure)
    }

    @Test("a certificate that has expired is refused", arguments: ["verify", "inspect"])
    func expired(subcommand: String) throws {
      let secure = try SecureServer(server, lastYear: 2020)
      try expectRefusal(subcommand, secure, trusting: secure)
    }

    private func expectRefusal(_ subcommand: String, _ secure: SecureServer, trusting trusted: SecureServer?) throws {
      // Plain http may be allowed: it makes no certificate good.
      let run = try run(subcommand, secure.url("/m.pth"), trusting: trusted, "--allow-http")
      #expect(run.status == 74 && run.errors.contains("No connection"), "\(run.errors)")
      #expect(server.requests.isEmpty)
      #expect(try left == [])
    }

    @Test("a redirect from https to http is refused unless http is allowed", arguments: ["verify", "inspect"])
    func downgrade(subcommand: String) throws {
      let secure = try SecureServer(server)
      let plain = try server.url("/m.pth").absoluteString
      let refused = try run(subcommand, secure.url("/to?\(plain)"), trusting: secure)
      #expect(refused.status != 0 && refused.errors.contains("--allow-http"), "\(refused.errors)")
      // Not even after another redirect by https.
      let twice = try run(subcommand, secure.url("/to?" + secure.url("/to?\(plain)")), trusting: secure)
      #expect(twice.status != 0 && twice.errors.contains("--allow-http"), "\(twice.errors)")
      #expect(server.requests.allSatisfy { $0.path.hasPrefix("/to?") })
      #expect(try left == [])
      let allowed = try run(subcommand, secure.url("/to?\(plain)"), trusting: secure, "--allow-http")
      #expect(allowed.status == 0, "\(allowed.errors)")
      #expect(server.requests.last?.path == "/m.pth")
    }

    @Test("a redirect to another https server asks for its certificate too", arguments: ["verify", "inspect"])
    func otherServer(subcommand: String) throws {
      let (first, second) = (try SecureServer(server), try SecureServer(server))
      let refused = try run(subcommand, first.url("/to?" + second.url("/m.pth")), trusting: first)
      #expect(refused.status == 74, "\(refused.errors)")
      #expect(server.requests.map(\.path).allSatisfy { $0.hasPrefix("/to?") })
      #expect(try left == [])
      let followed = try run(subcommand, first.url("/to?" + first.url("/m.pth")), trusting: first)
      #expect(followed.status == 0, "\(followed.errors)")
    }
  }
#endif
