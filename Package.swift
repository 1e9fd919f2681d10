// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let http: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")

/// A Swift target with the project's language settings.
func target(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// The tests of target `name`; they use only what the package itself can see (`package` and `public`).
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, resources: resources, swiftSettings: swift)
}

let package = Package(
    name: "carat",
    products: [
        .library(name: "Carat", targets: ["Carat"]),
        .executable(name: "carat", targets: ["CLI"]),
        // For Benchmarks/, which is a package of its own; no promise to others.
        .library(
            name: "_CaratParts",
            targets: ["AllocationCount", "CKernels", "Compute", "Engine", "GGUF", "Gemma", "Synthetic"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
        // earlier ones had no limit for all headers of a request together
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // System libraries and C
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenMP", providers: [.apt(["libomp-dev"])]),
        .target(name: "CKernels", cSettings: [.define("NDEBUG", .when(configuration: .release))]),
        .target(name: "CTinyModel"),

        // Formats
        target("GGUF", []),
        target("Tokenizer", [heap]),
        target("Quantization", ["GGUF"]),
        target("Synthetic", ["GGUF"]),
        target("JSON", []),
        target("Grammar", ["JSON"]),

        // From matmul to text; arrows run downwards only
        target("Compute", ["CKernels", "COpenBLAS", "COpenMP", "GGUF"]),
        target("Planner", ["Compute", "GGUF"]),
        target("Gemma", ["Planner", "Compute", "Tokenizer", "GGUF"]),
        target("KVStore", ["Compute", "GGUF", crypto]),
        target("Importance", ["Gemma", "Compute", "Tokenizer", "GGUF"]),
        target("Quantizer", ["Compute", "GGUF"]),
        target("Conversion", ["Compute", "GGUF", "JSON", systemPackage]),
        target(
            "Engine", ["KVStore", "Grammar", "Gemma", "JSON", "Planner", "Compute", "Tokenizer", "GGUF", "CTinyModel"]),
        target("OpenAI", ["Engine", "Grammar", "Gemma", "JSON", "Tokenizer"]),
        target("BatchRunner", [crypto, systemPackage]),
        target(
            "Batches",
            ["BatchRunner", "OpenAI", "JSON", "Engine", "Gemma", "Planner", "Tokenizer", "GGUF", log, systemPackage]),
        .target(
            name: "Server",
            dependencies: [
                "Batches", "BatchRunner", "OpenAI", "JSON", "Engine", "Gemma", "Tokenizer", "GGUF", crypto, log,
                metrics, coreMetrics, lifecycle,
            ] + http,
            resources: [.embedInCode("Resources/chat.html")], swiftSettings: swift),
        target("Carat", ["Engine", "Gemma", "Planner", "Compute", "Tokenizer", "GGUF"]),
        target("Charts", []),
        target("Evaluation", ["Charts", "Engine", "Gemma", "Compute", "JSON", "Tokenizer", "GGUF", crypto]),
        target("Bench", ["Charts", "Engine", "Gemma", "Planner", "Compute", "Tokenizer", "GGUF"]),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Batches", "BatchRunner", "Bench", "Conversion", "Evaluation", "Importance", "Quantizer", "Server",
                "OpenAI", "JSON", "Engine", "Gemma", "Planner", "Compute", "Tokenizer", "GGUF", "Synthetic",
                argumentParser, log, systemPackage,
            ],
            swiftSettings: swift),

        // Tests
        .target(name: "AllocationCount", path: "Tests/AllocationCount"),
        .executableTarget(
            name: "AllocationCheck", dependencies: ["AllocationCount", "Engine", "Gemma", "Compute", "Tokenizer"],
            path: "Tests/AllocationCheck", swiftSettings: swift),
        .target(
            name: "TestSupport", dependencies: ["GGUF", "JSON", "Synthetic"], path: "Tests/TestSupport",
            swiftSettings: swift),
        tests("GGUF", ["GGUF", "TestSupport"]),
        tests("JSON", ["JSON"]),
        tests("Grammar", ["Grammar", "JSON", "TestSupport"]),
        tests("Tokenizer", ["Tokenizer", "Gemma", "GGUF", "TestSupport"]),
        tests("CKernels", ["CKernels", "Quantization", "TestSupport"]),
        tests("Synthetic", ["Synthetic", "Engine", "Gemma", "Compute", "Tokenizer", "GGUF", "TestSupport"]),
        tests("Quantization", ["Quantization", "TestSupport"]),
        tests("Compute", ["Compute", "GGUF", "TestSupport"]),
        tests("Planner", ["Planner", "Compute"]),
        tests("Gemma", ["Gemma", "Planner", "Compute", "Tokenizer", "GGUF", "TestSupport"]),
        tests("KVStore", ["KVStore", "Compute", "GGUF"]),
        tests(
            "Engine", ["Engine", "Grammar", "Gemma", "JSON", "Planner", "Compute", "Tokenizer", "GGUF", "TestSupport"]),
        tests("OpenAI", ["OpenAI", "Engine", "Grammar", "Gemma", "JSON", "Tokenizer", "GGUF", "TestSupport"]),
        tests("Server", ["Server", "OpenAI", "JSON", "Engine", "Gemma", "GGUF", "TestSupport", log]),
        tests("BatchRunner", ["BatchRunner", "TestSupport", systemPackage]),
        tests("Batches", ["Batches", "BatchRunner", "CLI", "Server", "OpenAI", "JSON", "TestSupport", log]),
        tests("Carat", ["Carat", "Engine"]),
        tests(
            "Evaluation",
            ["Evaluation", "Engine", "Gemma", "Planner", "Compute", "JSON", "Tokenizer", "GGUF", "TestSupport"]),
        tests("Bench", ["Bench", "Compute", "Planner"]),
        tests("CLI", ["CLI", "GGUF", "JSON", "TestSupport"]),
        tests("Quantizer", ["Quantizer", "Quantization", "Compute", "GGUF", "TestSupport"]),
        tests("Conversion", ["Conversion", "Compute", "GGUF", "JSON", "TestSupport"]),
        tests("Importance", ["Importance", "Gemma", "Compute", "Tokenizer", "GGUF", "TestSupport"]),
    ]
)
