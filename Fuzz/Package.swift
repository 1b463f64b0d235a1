// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets, one libFuzzer program for all of them: `make fuzz`, docs/security.md. Tests/FuzzTests compiles Targets too and
// replays FailCases.
let package = Package(
  name: "pth2swt-fuzz",
  platforms: [.macOS(.v14)],
  dependencies: [.package(name: "pth2swt", path: "..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "ModelParameters", package: "pth2swt"), .product(name: "StateDicts", package: "pth2swt"),
        .product(name: "TorchCheckpoints", package: "pth2swt"), .product(name: "VisionInference", package: "pth2swt"),
      ],
      swiftSettings: [
        // libFuzzer has the main function.
        .unsafeFlags(["-parse-as-library"]), .strictMemorySafety(), .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
      ])
  ],
  swiftLanguageModes: [.v6])
