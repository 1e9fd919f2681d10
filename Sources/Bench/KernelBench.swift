package import Compute
internal import GGUF

/// Every kernel alone, on weights in memory: each format on each instruction set, by each path, at each n.
package struct KernelBench: Sendable {
    package let formats: [WeightFormat]
    package let kernels: [Kernels]
    package let positions: [Int]
    package let limits: MachineLimits
    package var threads = ThreadBudget.current().threads

    package static let defaultPositions = [1, 4, 8, 64, 512]

    /// Columns of the weights: the width of Gemma 2B.
    private static let columns = 2048
    /// Rows where the arithmetic counts: enough panels and chunks for all threads.
    private static let computeRows = 2048
    /// Bytes where reading counts: too many for the caches, as in a model.
    private static let streamBytes = 64 << 20
    /// From so many positions on reading no longer counts.
    private static let computePositions = 32
    /// Time for the samples of one case, and how many there are at least and at most.
    private static let secondsPerCase = 0.12
    private static let samples = 3...25

    package init(formats: [WeightFormat], kernels: [Kernels], positions: [Int], limits: MachineLimits) {
        self.formats = formats
        self.kernels = kernels
        self.positions = positions
        self.limits = limits
    }

    /// Formats that occur in any of the models.
    package static func formats(of models: [ModelFacts]) -> [WeightFormat] {
        WeightFormat.allCases.filter { format in models.contains { $0.formats.contains(format.rawValue) } }
    }

    /// Runs all cases, or those before it was cancelled; each goes to `emit` as soon as it is measured.
    package func run(
        isCancelled: () -> Bool = { false }, progress: (String) -> Void = { _ in }, emit: (KernelRecord) throws -> Void
    ) rethrows -> [KernelRecord] {
        var records: [KernelRecord] = []
        func add(_ record: KernelRecord) throws {
            records.append(record)
            try emit(record)
        }
        let ubatch = max(1, positions.max() ?? 1)
        for format in formats {
            let stream = Self.weight(format, bytes: Self.streamBytes)
            let compute = Self.weight(format, rows: Self.computeRows)
            for kernels in kernels {
                let executor = Executor(threads: threads, kernels: kernels)
                let input = Matrix(rows: ubatch, columns: Self.columns)
                for row in 0..<ubatch { input[row: row] = (0..<Self.columns).map { Float(($0 * 37 + row) % 17 - 8) } }
                let isa = kernels.instructionSet
                if isCancelled() { return records }
                progress("\(format.rawValue) \(isa.rawValue) dequantize")
                try add(
                    record(.dequantize, format.rawValue, isa, n: nil, stream.rows, bytes: stream.byteCount) {
                        executor.dequantizeAll(of: stream)
                    })
                for path in MatmulPath.allCases {
                    for n in positions {
                        if isCancelled() { return records }
                        progress("\(format.rawValue) \(isa.rawValue) \(path.rawValue) n = \(n)")
                        let weight = n < Self.computePositions ? stream : compute
                        let output = Matrix(rows: n, columns: weight.rows)
                        let projection = Projection(weight, to: output, path: path)
                        try add(
                            record(
                                path == .blas ? .blas : .quantized, format.rawValue, isa, n: n, weight.rows,
                                bytes: weight.byteCount, usesIntegers: format.activation != .float
                            ) { executor.project(input, rows: n, [projection]) })
                    }
                }
            }
        }
        for kernels in kernels {
            try addActivations(kernels, ubatch, isCancelled: isCancelled, progress: progress, add: add)
        }
        return records
    }

    /// Quantizing the inputs of the formats that were asked for.
    private func addActivations(
        _ kernels: Kernels, _ n: Int, isCancelled: () -> Bool, progress: (String) -> Void,
        add: (KernelRecord) throws -> Void
    ) rethrows {
        let executor = Executor(threads: threads, kernels: kernels)
        let input = Matrix(rows: n, columns: Self.columns)
        for row in 0..<n { input[row: row] = (0..<Self.columns).map { Float(($0 * 37 + row) % 17 - 8) } }
        for activation in [ActivationFormat.int8x32, .int8x256]
        where formats.contains(where: { $0.activation == activation }) {
            if isCancelled() { return }
            let name = activation == .int8x32 ? "int8x32" : "int8x256"
            progress("\(name) \(kernels.instructionSet.rawValue) quantize")
            try add(
                record(.quantize, name, kernels.instructionSet, n: n, n, bytes: 4 * n * Self.columns) {
                    executor.quantizeActivations(input, rows: n, as: activation)
                })
        }
    }

    private func record(
        _ path: KernelRecord.Path, _ format: String, _ isa: Kernels.InstructionSet, n: Int?, _ rows: Int, bytes: Int,
        usesIntegers: Bool = false, _ work: () -> Void
    ) -> KernelRecord {
        KernelRecord(
            format: format, instructionSet: isa, path: path, positions: n, rows: rows, columns: Self.columns,
            threads: threads, seconds: Self.leastSeconds(work), bytes: bytes, usesIntegers: usesIntegers,
            limits: limits)
    }

    /// The fastest of repeated samples, after one that is not counted.
    private static func leastSeconds(_ work: () -> Void) -> Double {
        work()
        let start = ContinuousClock.now
        var least = Double.infinity
        for sample in 1...samples.upperBound {
            let begin = ContinuousClock.now
            work()
            least = min(least, BenchRun.seconds(since: begin))
            if sample >= samples.lowerBound, BenchRun.seconds(since: start) > secondsPerCase { break }
        }
        return least
    }

    private static func weight(_ format: WeightFormat, bytes: Int) -> Weight {
        let one = weight(format, rows: 1)
        return weight(format, rows: max(computeRows, bytes / one.byteCount / 64 * 64))
    }

    /// A weight in memory. All bytes 0x11 are valid, finite blocks in every format.
    private static func weight(_ format: WeightFormat, rows: Int) -> Weight {
        do {
            guard let type = TensorType.named(format.rawValue) else { preconditionFailure("no tensor type \(format)") }
            let size = try TensorInfo(name: "w", type: type, shape: [columns, rows]).byteCount
            var writer = GGUFWriter()
            writer.addTensor("w", type: type, shape: [columns, rows], bytes: [UInt8](repeating: 0x11, count: size))
            let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
            return try Weight(try file.requireTensor("w"), in: file)
        } catch {
            preconditionFailure("a weight of our own making cannot be read: \(error)")
        }
    }
}
