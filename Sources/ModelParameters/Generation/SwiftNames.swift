/// Names for Swift source, each used once.
struct SwiftNames {
  private var used: Set<String>

  /// - Parameter used: Names that stand for something else already.
  init(used: some Sequence<String> = []) {
    self.used = Set(used)
  }

  /// A name made of words such as `in_proj_weight` or `LayerNorm`, which nothing else has: `inProjWeight`, `layerNorm`.
  mutating func insert(_ words: String, isType: Bool = false, ifNumber prefix: String = "layer") -> String {
    var name = words.camelCased(isType: isType)
    if name.first?.isNumber ?? true { name = (prefix + name).camelCased(isType: isType) }
    if Self.reserved.contains(name) { name += isType ? "Module" : "_" }
    var unique = name
    var number = 2
    while !used.insert(unique).inserted {
      unique = "\(name)_\(number)"
      number += 1
    }
    return unique
  }

  /// Swift's keywords, and what the source itself refers to.
  private static let reserved: Set<String> = [
    "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init", "inout",
    "internal",
    "let", "open", "operator", "private", "precedencegroup", "protocol", "public", "rethrows", "static", "struct",
    "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else",
    "fallthrough",
    "for", "guard", "if", "in", "repeat", "return", "throw", "switch", "where", "while", "any", "as", "await", "false",
    "is",
    "nil", "self", "super", "throws", "true", "try", "scope", "configuration", "Any", "Self", "Type", "Protocol",
    "Tensor",
    "ParameterScope", "ElementType", "LoadableModel", "Int", "Bool", "String", "Array", "Optional", "Void", "Sendable",
    "StateDicts", "ModelParameters", "Module", "MLX", "MLXNN", "MLXArray", "ModuleInfo", "ParameterInfo",
    "Configuration",
  ]
}

extension String {
  /// ASCII letters and digits of the string, each word after the first with a capital.
  fileprivate func camelCased(isType: Bool) -> String {
    var name = ""
    var isStart = isType
    for scalar in unicodeScalars.prefix(60) {
      guard scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
        isStart = isType || !name.isEmpty
        continue
      }
      name += isStart ? String(scalar).uppercased() : String(scalar)
      isStart = false
    }
    guard !isType else { return name }
    // `LayerNorm` becomes `layerNorm`, `BN1` `bn1`.
    let capitals = name.prefix { $0.isUppercase }.count
    let lowered =
      capitals < 2 || capitals == name.count
      ? capitals : name.dropFirst(capitals).first?.isNumber == true ? capitals : capitals - 1
    return name.prefix(lowered).lowercased() + name.dropFirst(lowered)
  }

  /// With a capital at the beginning.
  var capitalized: String { prefix(1).uppercased() + dropFirst() }

  /// The string as a literal of Swift's, on one line and in ASCII.
  var swiftLiteral: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\\", "\"": text += "\\" + String(scalar)
      case " "..."~": text.unicodeScalars.append(scalar)
      default: text += "\\u{" + String(scalar.value, radix: 16) + "}"
      }
    }
    return text + "\""
  }
}
