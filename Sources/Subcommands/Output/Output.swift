import StateDicts
package import Terminal

// Results go to standard output, all else to standard error.

/// Prints a line.
package func print(_ line: String) { Output.results.write([line]) }

/// Prints lines.
package func print(_ lines: [String]) { Output.results.write(lines) }

/// Prints lines in colours, if standard output has them.
package func print(_ lines: some Sequence<StyledText>) { Output.results.write(lines) }

/// What standard output can show.
package var screen: Screen { Output.results.screen }

/// Prints a value as JSON.
///
/// - Parameter isLine: Whether it takes one line, as one of several.
package func printJSON(_ value: some Encodable, isLine: Bool = false) throws {
  try Output.results.write(json: value, isLine: isLine)
}

package func printToStandardError(_ line: String) { Output.diagnostics.write([line]) }
