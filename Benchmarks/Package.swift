// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the benchmark harness stays out of the dependency graph of those who use Carat.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "carat", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Matmul",
            dependencies: [
                .product(name: "_CaratParts", package: "carat"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Matmul",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ]
)
