import Foundation
import Testing

/// `--member`, in every command that reads a checkpoint.
@Suite struct MemberCommandTests {
  private let archive = fixturePath("packed/two_files_of_weights.zip")

  @Test("without --member the error lists the files of weights, with exit code 64")
  func ambiguous() throws {
    let run = try Command("inspect", archive)
    #expect(run.code == 64)
    #expect(run.errors.contains("policy.pth (3 tensors), pytorch_variables.pth (3 tensors)"))
    #expect(run.errors.contains("--member policy.pth"))
  }

  @Test("scan looks through all members, and asks for none")
  func scan() throws {
    let run = try Command("scan", archive)
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.output.contains("torch.HalfStorage"))
  }

  @Test(
    "with --member each command reads that file",
    arguments: [["inspect"], ["verify"], ["fingerprint"], ["scan"], ["inspect", "--json"]])
  func member(_ command: [String]) throws {
    let run = try Command(command + ["--member", "policy.pth", archive])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Command(command + ["--member", "policy.pt", archive]).code == 65)
  }

  @Test("what was converted is what the member holds, and diff takes --member for the archive of the two")
  func converted() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let output = folder.path("m.swt")
    #expect(try Command("--member", "pytorch_variables.pth", archive, output).code == 0)
    for arguments in [[archive, output], [output, archive]] {
      #expect(try Command(["diff", "--member", "pytorch_variables.pth"] + arguments).code == 0)
      #expect(try Command(["diff", "--member", "policy.pth"] + arguments).code == 1)
    }
    #expect(try Command("diff", "--member", "policy.pth", output, output).code == 65)
    #expect(try Command("inspect", "--json", output).output.contains("pytorch_variables.pth"))
  }
}
