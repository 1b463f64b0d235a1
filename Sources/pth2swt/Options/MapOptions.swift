import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import Terminal

/// Options for what a conversion changes: each is a step of a map.
struct MapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Keep only matching tensors, e.g. 'backbone.*'.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var keep: [NamePattern] = []

  @Option(
    help: ArgumentHelp("Leave out matching tensors, e.g. '*.index'.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var drop: [NamePattern] = []

  @Option(
    help: ArgumentHelp("JSON list of steps (docs/convert.md).", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var map: FilePath?

  @Option(
    help: ArgumentHelp("Convert floating-point tensors, e.g. to bfloat16.", valueName: "dtype"),
    completion: .list(Self.dtypes.map(\.rawValue)), transform: Self.dtype(named:))
  var dtype: ElementType?

  @Option(
    help: ArgumentHelp("Write the map that undoes the conversion.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var inverse: FilePath?

  /// The dtypes that numbers can be converted to.
  private static let dtypes = ElementType.allCases.filter {
    $0.isFloatingPoint && ElementCast(from: .float32, to: $0) != nil
  }

  private static func dtype(named name: String) throws -> ElementType {
    guard let type = ElementType(rawValue: name), dtypes.contains(type) else {
      throw ValidationError("must be one of \(dtypes.map(\.rawValue).joined(separator: ", ")).")
    }
    return type
  }

  /// The steps before a model's names are matched.
  func firstSteps() throws(CheckpointError) -> [TensorMap.Step] {
    var steps: [TensorMap.Step] = []
    if !keep.isEmpty { steps.append(.keep(keep)) }
    if !drop.isEmpty { steps.append(.drop(drop)) }
    guard let map else { return steps }
    do throws(CheckpointError) {
      return steps + (try TensorMap(parsing: String(decoding: map.contents(), as: UTF8.self)).steps)
    } catch {
      throw error.located(file: map.description)
    }
  }

  /// The steps after that.
  var lastSteps: [TensorMap.Step] { dtype.map { [.cast([NamePattern("*")], to: $0)] } ?? [] }
}

/// A conversion that is put together from the options of a command.
struct Mapping {
  private(set) var stateDict: StateDict
  private(set) var map = TensorMap()
  /// The inverse of the steps so far, or why there is none.
  private var inverses: Result<TensorMap, any Error> = .success(TensorMap())

  init(_ stateDict: StateDict) {
    self.stateDict = stateDict
  }

  /// Applies more steps.
  mutating func apply(_ steps: [TensorMap.Step]) throws {
    guard !steps.isEmpty else { return }
    stateDict = try add(steps).stateDict
  }

  /// Goes on with another state dict, which steps would make too, but for the order of its tensors.
  mutating func replace(with other: StateDict, steps: [TensorMap.Step]) throws {
    if !steps.isEmpty { _ = try add(steps) }
    stateDict = other
  }

  /// Goes on with another state dict.
  mutating func replace(with other: StateDict) { stateDict = other }

  private mutating func add(_ steps: [TensorMap.Step]) throws -> Conversion {
    let conversion = try Conversion(TensorMap(steps), of: stateDict, isRecorded: false)
    map.steps += steps
    inverses = inverses.flatMap { inverse in
      Result { TensorMap(try conversion.inverse().steps + inverse.steps) }
    }
    return conversion
  }

  /// The map that undoes the steps.
  ///
  /// - Throws: `unsupported` if a step cannot be undone.
  func inverse() throws -> TensorMap { try inverses.get() }

  /// The result, which records the map in its metadata.
  func recorded() -> StateDict {
    var result = stateDict
    if !map.steps.isEmpty { result.metadata.record(map, inverse: try? inverses.get()) }
    return result
  }
}
