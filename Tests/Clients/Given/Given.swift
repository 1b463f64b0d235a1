import Foundation

// What the samples of every page take for granted.

let url = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? "model.pth")
let photo = URL(fileURLWithPath: "photo.jpg")
let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).swt")
