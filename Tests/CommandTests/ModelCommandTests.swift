import Foundation
import Testing

@Suite struct RegistryCommandTests {
  private struct Row: Decodable {
    let name: String
    let shape: [Int]
    let role: String
    let trainable: Bool
  }

  @Test("--frozen prints the names that do not train, and nothing else on standard output")
  func frozen() throws {
    let command = try Command("registry", "fasterrcnn_resnet50_fpn", "--frozen")
    #expect(command.code == 0)
    #expect(command.lines.count == 11)
    #expect(command.lines.first == "backbone.body.conv1.weight")
    #expect(command.errors.hasPrefix("---- Frozen layers are: \n"))
  }

  @Test("--trainable-layers 5 freezes nothing, 0 all of the ResNet", arguments: [(5, 0), (0, 53)])
  func levels(layers: Int, count: Int) throws {
    let command = try Command("registry", "fasterrcnn_resnet50_fpn", "--trainable-layers", "\(layers)", "--frozen")
    #expect(command.lines.count == count)
  }

  @Test("7 trainable layers are a mistake of usage, and the range is said")
  func outOfRange() throws {
    let command = try Command("registry", "fasterrcnn_resnet50_fpn", "--trainable-layers", "7")
    #expect(command.code == 64)
    #expect(command.errors.contains("0 to 5"))
  }

  @Test("--json has a row for each tensor of torch's state dict")
  func json() throws {
    let rows = try Command("registry", "fasterrcnn_resnet50_fpn", "--json").json([Row].self)
    #expect(rows.count == 295)
    #expect(rows[0].name == "backbone.body.conv1.weight" && rows[0].shape == [64, 3, 7, 7])
    #expect(rows[0].role == "parameter" && !rows[0].trainable)
    #expect(rows[1].role == "buffer")
  }

  @Test("an unknown model is a mistake of usage, in words and in JSON")
  func unknown() throws {
    struct Report: Decodable {
      struct Body: Decodable { let code: String }
      let error: Body
    }
    let command = try Command("registry", "resnet5", "--json")
    #expect(command.code == 64)
    #expect(try command.json(Report.self).error.code == "unknownModel")
    #expect(command.errors.contains("resnet50"))
  }

  @Test("patterns freeze and unfreeze, and names come out by module")
  func patterns() throws {
    let command = try Command(
      "registry", "resnet18", "--freeze", "*", "--train", "fc.*", "--trainable", "--by-module")
    #expect(command.lines == ["fc: weight bias"])
  }

  @Test("without a model, all are listed")
  func list() throws {
    #expect(try Command("registry").lines.count == 28)
  }
}

@Suite struct MatchCommandTests {
  private struct Report: Decodable {
    struct Mismatch: Decodable {
      let name: String
      let expected, found: [Int]
    }
    struct Renamed: Decodable, Equatable {
      let from, to: String
    }
    let bound: Int
    let missing, unexpected, ignored: [String]
    let mismatched: [Mismatch]
    let renamed: [Renamed]
  }

  /// A state dict that torch wrote, with a list of names and shapes to hold it against.
  private let checkpoint = fixturePath("state_dicts/data_parallel.pth")
  private let parameters = """
    [{"name": "conv.weight", "shape": [3, 2, 2, 2]}, {"name": "bn.weight", "shape": [3]}, {"name": "bn.bias", "shape": [3]},
     {"name": "bn.running_mean", "shape": [3], "role": "buffer"}, {"name": "bn.running_var", "shape": [3], "role": "buffer"},
     {"name": "bn.num_batches_tracked", "shape": [], "role": "buffer"},
     {"name": "head.1.weight", "shape": [2, 3]}, {"name": "head.1.bias", "shape": [2]}]
    """

  @Test("a checkpoint of DataParallel fits a list of names and shapes, its prefix stripped")
  func registryFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let command = try Command("match", checkpoint, "--registry", folder.file("parameters.json", parameters), "--json")
    #expect(command.code == 0)
    let report = try command.json(Report.self)
    #expect(report.bound == 8)
    #expect(report.missing.isEmpty && report.unexpected.isEmpty && report.renamed.isEmpty)
  }

  @Test("where it does not fit, the answer is no: exit 1, and every fault listed")
  func faults() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let changed = parameters.replacing("\"head.1.bias\", \"shape\": [2]", with: "\"head.1.bias\", \"shape\": [4]")
      .replacing("bn.running_var", with: "bn.variance")
    let command = try Command(
      "match", checkpoint, "--registry", folder.file("parameters.json", changed), "--strip-prefix", "--json")
    #expect(command.code == 1)
    let report = try command.json(Report.self)
    #expect(report.missing == ["bn.variance"])
    #expect(report.unexpected == ["module.bn.running_var"])
    #expect(report.mismatched.map(\.name) == ["head.1.bias"])
    #expect(report.mismatched.first?.expected == [4] && report.mismatched.first?.found == [2])
  }

  @Test("a renaming is applied first; a file of them too")
  func renaming() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let list = try folder.file("parameters.json", parameters.replacing("\"bn.", with: "\"norm."))
    let map = try folder.file("map.json", #"["module.*=*"]"#)
    let command = try Command(
      "match", checkpoint, "--registry", list, "--rename", "module.bn.*=norm.*", "--rename-file", map, "--json")
    #expect(command.code == 0)
    #expect(try command.json(Report.self).renamed.first == .init(from: "module.conv.weight", to: "conv.weight"))
  }

  @Test("another model's checkpoint does not fit")
  func otherModel() throws {
    let command = try Command("match", checkpoint, "--model", "resnet18")
    #expect(command.code == 1)
    #expect(command.lines.first?.hasPrefix("no match: 0 of 122 tensors bound to resnet18") == true)
  }

  @Test("a model and a list exclude each other, and the two of prefixes; a list must be one")
  func usage() throws {
    #expect(try Command("match", checkpoint, "--strip-prefix", "--keep-prefix").code == 64)
    #expect(try Command("match", checkpoint).code == 64)
    #expect(try Command("match", checkpoint, "--model", "resnet18", "--registry", "x.json").code == 64)
    #expect(try Command("match", checkpoint, "--registry", "nowhere.json").code == 66)
    #expect(try Command("match", checkpoint, "--registry", checkpoint).code == 65)
    #expect(try Command("match", checkpoint, "--model", "resnet18", "--rename", "a.*").code == 64)
  }
}

@Suite struct ConvertForModelTests {
  @Test("convert --rename writes the tensors under their new names")
  func rename() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let source = fixturePath("state_dicts/data_parallel.pth")
    #expect(try Command("convert", source, folder.path("out.swt"), "--rename", "module.*=net.*").code == 0)
    let list = try folder.file("parameters.json", #"[{"name": "net.conv.weight", "shape": [3, 2, 2, 2]}]"#)
    let match = try Command("match", folder.path("out.swt"), "--registry", list, "--allow-unexpected", "net.*")
    #expect(match.code == 0)
  }

  @Test("convert --model refuses what does not fit, with the whole report, and writes nothing")
  func refused() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let source = fixturePath("state_dicts/data_parallel.pth")
    let command = try Command("convert", source, folder.path("out.swt"), "--model", "resnet18")
    #expect(command.code == 65)
    #expect(command.errors.contains("Missing key(s) in state_dict: \"conv1.weight\""))
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.swt")))
  }
}
