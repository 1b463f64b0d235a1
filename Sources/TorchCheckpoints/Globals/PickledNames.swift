import StateDicts

/// The globals of a pickle with their meanings, and those that it would reach through them.
///
///     63 torch.nn 0a functional 0a  8c os 86 …      getattr(torch.nn.functional, "os"): torch.nn + functional.os
///
/// `getattr` and similar functions are harmless on a class (enums are pickled this way), but reach everything from a
/// module. So the attribute is added to the path of its object, and the whole path is checked against the list.
struct PickledNames: Sendable {
  /// Of the pickle's globals, in order.
  let meanings: [GlobalMeaning]
  private let globals: [Pickle.Global]
  /// Dangerous paths that `getattr` makes.
  private let reached: [Pickle.Global]

  init(_ pickle: Pickle) {
    var meanings = pickle.globals.map(GlobalMeaning.init)
    for place in meanings.indices
    where meanings[place] == .loadFromBytes && !pickle.isGivenBytes(place, meanings) {
      meanings[place] = .dangerous
    }
    self.meanings = meanings
    globals = pickle.globals
    reached = Self.attributePaths(in: pickle).filter(DangerousGlobals.contains)
  }

  /// Every global with its verdict, and the dangerous paths.
  var uses: [GlobalUse] {
    zip(globals, meanings).map { global, meaning in
      GlobalUse(name: global.qualifiedName.shortened(to: 1000), verdict: meaning.verdict(of: global))
    } + reached.map { GlobalUse(name: $0.qualifiedName.shortened(to: 1000), verdict: .dangerous) }
  }

  /// The first that exists to run code.
  var dangerous: Pickle.Global? { meanings.firstIndex(of: .dangerous).map { globals[$0] } ?? reached.first }

  // MARK: - Attributes

  private static let getters: Set<String> = ["builtins.getattr"]
  private static let getterMakers: Set<String> = ["operator.attrgetter", "_operator.attrgetter"]
  private static let partials: Set<String> = ["functools.partial", "_functools.partial"]
  /// A numpy function by its module and name.
  private static let importers: Set<String> = ["numpy.core._ufunc_reconstruct", "numpy._core._ufunc_reconstruct"]
  /// A path that is longer is no class's.
  private static let lengthLimit = 1000

  /// The path of each call of `getattr`, of `attrgetter(…)` and of a `partial` of those.
  ///
  /// The arguments of a call precede it, so one pass in order resolves them.
  private static func attributePaths(in pickle: Pickle) -> [Pickle.Global] {
    let names = pickle.globals.map { PythonNames.modern($0).qualifiedName }
    let all = getters.union(getterMakers).union(importers)
    guard names.contains(where: all.contains) else { return [] }
    var paths: [Int: Pickle.Global] = [:]
    var found: [Pickle.Global] = []

    func path(at id: Pickle.ID) -> Pickle.Global? {
      if case .object(let number) = pickle[id] { paths[number] } else { pickle.global(at: id) }
    }
    func name(at id: Pickle.ID) -> String? {
      switch pickle[id] {
      case .text(let slice) where slice.count < lengthLimit, .byteText(let slice) where slice.count < lengthLimit:
        pickle.text(at: id)
      default: nil
      }
    }
    func joined(_ path: Pickle.Global, _ attribute: Pickle.ID) -> Pickle.Global {
      guard path.name.utf8.count < lengthLimit, let text = name(at: attribute) else {
        return Pickle.Global(module: path.qualifiedName, name: Pickle.Global.computed)
      }
      return Pickle.Global(module: path.module, name: "\(path.name).\(text)")
    }
    for (number, object) in pickle.objects.enumerated() {
      var callable = object.callable
      var arguments = Array(pickle.sequence(at: object.arguments) ?? [])
      var made: [Pickle.Global] = []
      if let maker = pickle.object(at: callable), let global = pickle[maker.callable].globalNumber {
        let parts = Array(pickle.sequence(at: maker.arguments) ?? [])
        if partials.contains(names[global]), let function = parts.first {
          callable = function
          arguments = parts.dropFirst() + arguments
        } else if getterMakers.contains(names[global]), let target = arguments.first.flatMap(path) {
          made = parts.map { joined(target, $0) }
        }
      }
      if let global = pickle[callable].globalNumber, arguments.count >= 2 {
        if getters.contains(names[global]), let target = path(at: arguments[0]) {
          made = [joined(target, arguments[1])]
        } else if importers.contains(names[global]) {
          made = [
            Pickle.Global(
              module: name(at: arguments[0]) ?? Pickle.Global.computed,
              name: name(at: arguments[1]) ?? Pickle.Global.computed)
          ]
        }
      }
      paths[number] = made.first
      found += made
    }
    return found
  }
}

extension Pickle.Node {
  fileprivate var globalNumber: Int? { if case .global(let number) = self { number } else { nil } }
}
