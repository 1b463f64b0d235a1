// swift-tools-version: 6.2
import PackageDescription

// The library on which models run: oneDNN, or one of matrix products with a CBLAS interface (Accelerate on Apple's systems, OpenBLAS
// on others). PTH2SWT_ENGINE=onednn or cblas overrides the default.
#if os(macOS)
  let usualEngine = "cblas"
#else
  let usualEngine = "onednn"
#endif
let usesCBLAS = (Context.environment["PTH2SWT_ENGINE"] ?? usualEngine) == "cblas"

let package = Package(
  name: "pth2swt",
  platforms: [.macOS(.v14), .iOS(.v17)],
  products: [
    .library(name: "StateDicts", targets: ["StateDicts"]),
    .library(name: "TorchCheckpoints", targets: ["TorchCheckpoints"]),
    .library(name: "ModelParameters", targets: ["ModelParameters"]),
    .library(name: "VisionModels", targets: ["VisionModels"]),
    .library(name: "VisionInference", targets: ["VisionInference"]),
    .library(name: "TorchHub", targets: ["TorchHub"]),
    .executable(name: "pth2swt", targets: ["pth2swt"]),
    .executable(name: "pth2swt-fetch", targets: ["pth2swt-fetch"]),
    .executable(name: "pth2swt-vision", targets: ["pth2swt-vision"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CPth2swtLinux", path: "Sources/CLibraries/CPth2swtLinux"),
    // zlib is found by the compiler itself: every SDK has it. pkg-config would find Homebrew's, also for an iOS build.
    .systemLibrary(
      name: "CPth2swtZlib", path: "Sources/CLibraries/CPth2swtZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CPth2swtZip", path: "Sources/CLibraries/CPth2swtZip", pkgConfig: "libzip",
      providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CPth2swtCrypto", path: "Sources/CLibraries/CPth2swtCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]),
    // Without pkg-config: Debian 13's libcurl.pc has flags that SwiftPM does not take and warns of at every build.
    .systemLibrary(
      name: "CPth2swtCurl", path: "Sources/CLibraries/CPth2swtCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CPth2swtOneDNN", path: "Sources/CLibraries/CPth2swtOneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CPth2swtCBLAS", path: "Sources/CLibraries/CPth2swtCBLAS"),
    .systemLibrary(
      name: "CPth2swtJPEG", path: "Sources/CLibraries/CPth2swtJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPth2swtPNG", path: "Sources/CLibraries/CPth2swtPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),

    .target(name: "StateDicts", dependencies: ["CPth2swtLinux", "CPth2swtZlib"]),
    .target(name: "TorchCheckpoints", dependencies: ["StateDicts", "CPth2swtZip", "CPth2swtZlib"]),
    .target(name: "ModelParameters", dependencies: ["StateDicts"]),
    .target(name: "VisionModels", dependencies: ["ModelParameters", "StateDicts"]),
    .target(
      name: "VisionInference",
      dependencies: [
        "ModelParameters", "StateDicts", "VisionModels", usesCBLAS ? "CPth2swtCBLAS" : "CPth2swtOneDNN",
        "CPth2swtJPEG", "CPth2swtPNG",
      ],
      exclude: [usesCBLAS ? "Engine/OneDNN" : "Engine/CBLAS"],
      linkerSettings: usesCBLAS
        ? [
          .linkedFramework("Accelerate", .when(platforms: [.macOS, .iOS])),
          .linkedLibrary("openblas", .when(platforms: [.linux])),
        ] : []),
    .target(
      name: "Digests",
      dependencies: ["StateDicts", .target(name: "CPth2swtCrypto", condition: .when(platforms: [.linux]))]),
    .target(
      name: "TorchHub",
      dependencies: ["Digests", "StateDicts", .target(name: "CPth2swtCurl", condition: .when(platforms: [.linux]))]),
    .target(
      name: "FetchMessages", dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .target(
      name: "Terminal",
      dependencies: ["CPth2swtLinux", "StateDicts", .product(name: "ArgumentParser", package: "swift-argument-parser")]
    ),
    .executableTarget(
      name: "pth2swt-fetch",
      dependencies: [
        "FetchMessages", "StateDicts", "Terminal", "TorchHub",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "Subcommands",
      dependencies: [
        "FetchMessages", "ModelParameters", "StateDicts", "Terminal", "TorchCheckpoints", "VisionModels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "HTMLReports",
      dependencies: [
        "Digests", "ModelParameters", "StateDicts", "Subcommands", "Terminal", "TorchCheckpoints", "VisionModels",
      ],
      resources: [
        .embedInCode("Page/report.html"), .embedInCode("Page/report.css"), .embedInCode("Page/report.js"),
      ]),
    .executableTarget(
      name: "pth2swt",
      dependencies: [
        "Digests", "HTMLReports", "ModelParameters", "StateDicts", "Subcommands", "Terminal", "TorchCheckpoints",
        "VisionModels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "pth2swt-vision",
      dependencies: [
        "StateDicts", "Subcommands", "Terminal", "TorchCheckpoints", "VisionInference", "VisionModels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "Loading", dependencies: ["TorchCheckpoints"], path: "Benchmarks/Loading"),
    .executableTarget(
      name: "Matching", dependencies: ["VisionModels", "ModelParameters", "TorchCheckpoints"],
      path: "Benchmarks/Matching"),

    .testTarget(name: "StateDictsTests", dependencies: ["StateDicts"]),
    .testTarget(
      name: "TorchCheckpointsTests",
      dependencies: ["Digests", "StateDicts", "TorchCheckpoints"]),
    .testTarget(name: "ModelParametersTests", dependencies: ["ModelParameters", "StateDicts"]),
    .testTarget(
      name: "VisionModelsTests", dependencies: ["VisionModels", "ModelParameters", "StateDicts", "TorchCheckpoints"]),
    .testTarget(
      name: "VisionInferenceTests",
      dependencies: ["ModelParameters", "StateDicts", "TorchCheckpoints", "VisionInference", "VisionModels"]),
    .testTarget(
      name: "CommandTests",
      dependencies: ["StateDicts", "Subcommands", "Terminal", "TorchCheckpoints", "pth2swt", "pth2swt-vision"],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "TorchHubTests",
      dependencies: [
        "CPth2swtZlib", "Digests", "TorchHub", "FetchMessages", "StateDicts", "pth2swt", "pth2swt-fetch",
      ], exclude: ["tls.py"]),
    // Replays what the fuzz targets found (Fuzz).
    .testTarget(
      name: "FuzzTests", dependencies: ["ModelParameters", "StateDicts", "TorchCheckpoints", "VisionInference"]),
    // Of the repository itself: the order of folders.
    .testTarget(name: "RepositoryTests"),
  ],
  swiftLanguageModes: [.v6]
)

// Leaves out all tests but those of some targets, for builds with sanitizers or other libraries (Tests/Sanitizers, Tests/Portability).
if let only = Context.environment["PTH2SWT_TESTS"]?.split(separator: ",").map(String.init) {
  package.targets.removeAll { $0.type == .test && !only.contains($0.name) }
}

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
  ]
}
