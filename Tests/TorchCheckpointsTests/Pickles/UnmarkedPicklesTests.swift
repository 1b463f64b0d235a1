import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Pickles of protocols 0 and 1, which no mark stands in front of")
struct UnmarkedPicklesTests {
  @Test(
    "Every way that such a pickle begins is recognised",
    arguments: [
      "(dp0\nVw\np1\nI1\ns.", "(lp0\nI1\na.", "(I1\nI2\ntp0\n.", "}q\u{0}U\u{1}aK\u{1}s.", "]q\u{0}K\u{1}a.", ").",
      "(d.",
      "ccollections\nOrderedDict\np0\n((lp1\ntp2\nRp3\n.", "(i__main__\nOld\np0\n(dp1\nb.", "(K\u{1}K\u{2}tq\u{0}.",
      "ccopy_reg\n_reconstructor\np0\n(cmain\nA\nc__builtin__\nobject\nNtR.",
    ])
  func recognised(_ text: String) throws {
    let checkpoint = try Checkpoint(bytes(text))
    #expect(checkpoint.format == .pickle)
  }

  @Test(
    "What one would run is refused, in whatever it is wrapped",
    arguments: [
      "cposix\nsystem\n(S'true'\ntR.", "(S'true'\niposix\nsystem\n.",
      "I1\n0cos\nsystem\n(S'true'\ntR.", "(cos\nsystem\nS'id'\no.", "F1.5\n0cos\nsystem\n(S'true'\ntR.",
    ])
  func dangerous(_ text: String) {
    #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(bytes(text)) }
  }

  @Test(
    "Texts that begin with the same characters are not",
    arguments: [
      "(c) 2020 by nobody\nAll rights reserved\n", "class Net(nn.Module):\n    pass\n", "cat\ndog\nelephant\nfox\n",
      "(defun square (x) (* x x))\n", "(1) first\n(2) second\n", "}\n\n}\n\n}\n", "])\n\n])\n\n",
      "copy,of,columns\n1,2,3\n4,5,6\n",
      "Notes on the weights\nnone\n", "NNNNACGT text\n", "Version 1\npublished\n", "I think so\n",
    ])
  func texts(_ text: String) {
    #expect(throws: CheckpointError(.notACheckpoint, "")) { try Checkpoint(bytes(text)) }
  }

  @Test("A tar is asked for first, as torch does, with the mark of ustar or without")
  func tarFirst() throws {
    var file = FileBytes.torchTar()
    #expect(try Checkpoint(file).format == .tar)
    // A tar of the seventh edition of Unix has no mark.
    let sum = file[..<512].reduce(0) { $0 + Int($1) }
    for place in 257..<262 { file[place] = 0 }
    let changed = file[..<512].enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element))
    }
    let digits = String(changed, radix: 8)
    file.replaceSubrange(148..<154, with: Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8))
    #expect(sum > 0)
    #expect(try Checkpoint(file).format == .tar)
  }

  private func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
