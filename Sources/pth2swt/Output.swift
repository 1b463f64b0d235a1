import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Results go to standard output, all else to standard error.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

func printToStandardError(_ line: String) {
  FileDescriptor.standardError.write(line + "\n")
}

/// An open file, to write text to as it is.
struct FileDescriptor {
  let number: Int32
  static let standardError = FileDescriptor(number: 2)

  var isTerminal: Bool { isatty(number) == 1 }

  func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in _ = unsafe Self.systemWrite(number, bytes.baseAddress, bytes.count) }
  }

  private static func systemWrite(_ number: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    #if canImport(Darwin)
      unsafe Darwin.write(number, bytes, count)
    #else
      unsafe Glibc.write(number, bytes, count)
    #endif
  }
}

/// Numbers as people read them.
enum Readable {
  /// `167.5 MB`; powers of ten, as disks and downloads have them.
  static func bytes(_ count: Int) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
      value /= 1000
      if value < 999.95 { return "\(tenths(value)) \(unit)" }
    }
    return "\(count) B"
  }

  /// `41,755,286`.
  static func count(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  /// `1 tensor`, `348 tensors`.
  static func count(_ number: Int, of noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// Rows with their columns aligned.
struct TextTable {
  private var rows: [[String]] = []
  private let isRightAligned: [Bool]

  init(rightAligned: [Bool]) {
    isRightAligned = rightAligned
  }

  mutating func add(_ cells: String...) {
    rows.append(cells)
  }

  var lines: [String] {
    var widths = [Int](repeating: 0, count: isRightAligned.count)
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return isRightAligned[column] ? space + cell : cell + space
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
