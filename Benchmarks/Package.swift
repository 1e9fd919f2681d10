// swift-tools-version: 6.2
import PackageDescription

/// A suite of benchmarks.
func suite(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "AllocationMeter",
            .product(name: "_CaratParts", package: "carat"),
            .product(name: "Benchmark", package: "benchmark"),
        ],
        path: "Benchmarks/\(name)",
        plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

// A package of its own, so that the benchmark harness stays out of the dependency graph of those who use Carat.
//
// The harness is built without its allocation counters, which need another library on each Swift version:
// AllocationCount does that work.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "carat", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    ],
    targets: [
        .target(
            name: "AllocationMeter",
            dependencies: [
                .product(name: "_CaratParts", package: "carat"), .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/AllocationMeter",
            swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")]),
        suite("Kernels"),
        suite("Matmul"),
        suite("Generation"),
    ]
)
