internal import CKernels
internal import COpenBLAS

/// What this machine can do at best, measured: the limits that benches state results as a part of.
///
/// Each figure is the best of several short samples, so that a neighbour who takes the core for a moment does not count.
package enum MachineProbe {
    /// Clock of one core under load, in Hz: additions that wait for each other take a cycle each.
    package static func clockRate() -> Double {
        let additions = 4_000_000
        return Double(additions) / fastest(of: 12) { _ = carat_probe_adds(additions) }
    }

    /// Float multiply-adds of one core in registers, per second; nil where there is no loop for this CPU.
    package static func floatRate() -> Double? {
        rate { carat_probe_float_macs(200_000) }
    }

    /// int8 multiply-adds of one core in registers, per second; nil where there is no loop for this CPU.
    package static func int8Rate() -> Double? {
        rate { carat_probe_int8_macs(200_000) }
    }

    private static let chunkBytes = 1 << 20

    /// Chunks of a sample: some for each thread.
    private static func sampleChunks(threads: Int) -> Int { threads * max(2, (20 + threads - 1) / threads) }

    /// 200 MB, or what makes five samples for that many threads.
    private static func chunks(threads: Int) -> Int { max(200, 5 * sampleChunks(threads: threads)) }

    /// Makes sure that there is memory for the probes of `threads` threads, which end the process where there is none.
    ///
    /// Throws: `ComputeError.blasMemory` or `.probeMemory`.
    package static func requireMemory(threads: Int) throws(ComputeError) {
        try BLASLibrary.requireMemory(threads: threads)
        let bytes = chunks(threads: threads) * chunkBytes
        guard MappedMemory.hasRoom(1, of: bytes) else { throw .probeMemory(needed: bytes) }
    }

    /// Bytes per second that `threads` threads read together from memory too large for the caches.
    package static func readBandwidth(threads: Int) -> Double {
        let chunks = chunks(threads: threads)
        let memory = Buffer<UInt8>(count: chunks * chunkBytes)
        let team = ThreadTeam(size: threads)
        // pages that were never written all show the same zeros, which the caches hold
        team.run(chunks: chunks, threads: threads) { chunk, _ in
            UnsafeMutableRawPointer(memory.base + chunk * chunkBytes)
                .initializeMemory(as: UInt8.self, repeating: 1, count: chunkBytes)
        }
        // Each sample reads what none has read before: what was read once may stay in the last-level cache, even if many
        // times its size has passed since. Its start was written long ago.
        let part = sampleChunks(threads: threads)
        var first = 0
        let seconds = fastest(of: chunks / part) {
            team.run(chunks: part, threads: threads) { chunk, _ in
                _ = carat_probe_read(memory.base + (first + chunk) * chunkBytes, chunkBytes)
            }
            first += part
        }
        return Double(part * chunkBytes) / seconds
    }

    /// Multiply-adds per second of sgemm on `threads` threads together, each on matrices of its own, for prompts' shapes.
    package static func sgemmRate(threads: Int) -> Double {
        let (n, rows, columns) = (256, 512, 768)
        let team = ThreadTeam(size: threads)
        let size = n * columns + rows * columns + n * rows
        let matrices = (0..<threads).map { _ in Buffer<Float>(count: size) }
        let bases = matrices.map(\.base)
        let calls = 2 * threads
        let seconds = fastest(of: 80) {
            team.run(chunks: calls, threads: threads) { _, worker in
                let input = bases[worker]
                let weights = input + n * columns
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(n), Int32(rows), Int32(columns), 1, input,
                    Int32(columns), weights, Int32(columns), 0, weights + rows * columns, Int32(rows))
            }
        }
        return withExtendedLifetime(matrices) { Double(calls * n * rows * columns) / seconds }
    }

    private static func rate(_ work: () -> UInt64) -> Double? {
        var count: UInt64 = 0
        let seconds = fastest(of: 12) { count = work() }
        return count > 0 ? Double(count) / seconds : nil
    }

    /// Seconds of the fastest of `samples` runs.
    private static func fastest(of samples: Int, _ work: () -> Void) -> Double {
        let clock = ContinuousClock()
        return (0..<samples).reduce(.infinity) { least, _ in min(least, clock.measure(work) / .seconds(1)) }
    }
}
