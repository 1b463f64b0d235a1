#if os(Linux)
  import Foundation

  /// https in front of a `LoopbackServer`: `tls.py`, with a certificate that is made here and that nobody trusts by itself.
  final class SecureServer: Sendable {
    /// Whether there is `openssl`, which makes certificates, and a Python with TLS.
    static let isPossible =
      (try? run("openssl", ["version"])) != nil && (try? run("python3", ["-c", "import ssl"])) != nil

    let port: UInt16
    /// The certificate, for `SSL_CERT_FILE`.
    let certificate: String
    private let folder: URL
    private let process: Process
    private let input = Pipe()

    /// - Parameters:
    ///   - names: What the certificate is for, as OpenSSL writes it.
    ///   - lastYear: The year in which it expires.
    init(_ server: LoopbackServer, names: String = "DNS:localhost,IP:127.0.0.1", lastYear: Int = 2099) throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
      self.folder = folder
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      // Of OpenSSL 3.0's commands only `ca` takes dates.
      let configuration = """
        [ca]
        default_ca = test
        [test]
        database = \(path("index"))
        new_certs_dir = \(folder.path)
        default_md = sha256
        policy = any
        rand_serial = yes
        x509_extensions = extensions
        [any]
        commonName = supplied
        [req]
        distinguished_name = none
        [none]
        [extensions]
        basicConstraints = CA:TRUE
        subjectAltName = \(names)
        """
      try Data(configuration.utf8).write(to: folder.appendingPathComponent("openssl.cnf"))
      try Data().write(to: folder.appendingPathComponent("index"))
      certificate = path("certificate.pem")
      let (key, request, options) = (path("key.pem"), path("request.pem"), ["-config", path("openssl.cnf")])
      try Self.run(
        "openssl",
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test"] + options
          + ["-keyout", key, "-out", request])
      try Self.run(
        "openssl",
        ["ca", "-batch", "-selfsign", "-notext", "-startdate", "20200101000000Z", "-enddate", "\(lastYear)0102000000Z"]
          + options + ["-keyfile", key, "-in", request, "-out", certificate])
      process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      let script = Repository.root.appendingPathComponent("Tests/TorchHubTests/tls.py").path
      process.arguments = ["python3", "-B", script, certificate, key, "\(server.port)"]
      let output = Pipe()
      process.standardOutput = output
      process.standardInput = input
      try process.run()
      let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      guard let port = UInt16(line.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw POSIXError(.EIO) }
      self.port = port
    }

    deinit {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
      try? FileManager.default.removeItem(at: folder)
    }

    func url(_ path: String) -> String { "https://127.0.0.1:\(port)\(path)" }

    private static func run(_ program: String, _ arguments: [String]) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [program] + arguments
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw POSIXError(.EIO) }
    }
  }
#endif
