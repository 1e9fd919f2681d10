internal import Charts
internal import Compute
internal import Planner

/// The result of one test, with all that a reader needs to compare it.
package struct BenchRecord: Sendable {
    package let test: BenchTest
    package let facts: ModelFacts
    package let machine: MachineState
    package let limits: MachineLimits
    /// What this build is called in results; the precision goes before it.
    package let build: String
    /// RFC 3339, UTC.
    package let time: String
    /// Nanoseconds of each repetition.
    package let samples: [Double]
    /// Seconds from a prompt's first token to the logits of its last, of each repetition; empty without a prompt.
    package let promptSeconds: [Double]
    /// From the path of the file to a model ready to run, and on to the first token of a 16-token prompt, in seconds.
    package let loadSeconds: Double
    package let firstTokenSeconds: Double
    /// Resident memory at its most during the test, in bytes.
    package let peakMemory: Int?
    /// Cores' worth of time that other processes took meanwhile; nil where the system does not say.
    package let othersCores: Double?
    package let work: TestWork

    package var nanoseconds: Statistics { Statistics(samples) }
    /// Tokens per second of all sequences together.
    package var rates: Statistics { Statistics(samples.map { 1e9 * Double(test.tokens) / $0 }) }

    /// Threads that most of the work ran on.
    var workThreads: Int { test.prompt > 0 ? test.prefillThreads : test.threads }
    private var seconds: Double { nanoseconds.median * 1e-9 }
    /// Bytes per second.
    package var bandwidth: Double { work.bytes / seconds }
    /// Multiply-adds per cycle of one core.
    package var multiplyAddsPerCycle: Double { limits.perCycle(work.multiplyAdds / seconds) / Double(workThreads) }
    /// Part of the read bandwidth that was measured with as many threads.
    package var bandwidthShare: Double? { limits.readBandwidth[workThreads].map { bandwidth / $0 } }
    /// Part of the sgemm rate that was measured with as many threads; above 1 where int8 kernels outrun Floats.
    package var sgemmShare: Double? { limits.sgemmRate[workThreads].map { work.multiplyAdds / seconds / $0 } }

    /// llama-bench's fields under its names and in its order, then ours.
    ///
    /// `n_gen` counts the tokens of all sequences, so that `(n_prompt + n_gen) / avg_ns` is `avg_ts` in every row. Rows
    /// of different precision have different `build_commit`s, which a comparison by build then keeps apart.
    package var fields: [Field] { Self.llamaBench(self) + ours }

    static func llamaBench(_ r: BenchRecord) -> [Field] {
        let (ns, ts) = (r.nanoseconds, r.rates)
        return [
            Field("build_commit", .string("\(r.test.precision.rawValue)-\(r.build)")),
            Field("build_number", .integer(0)),
            Field("cpu_info", .string(r.machine.cpu)),
            Field("gpu_info", .string("")),
            Field("backends", .string("CPU")),
            Field("model_filename", .string(r.facts.filename)),
            Field("model_type", .string(r.facts.type)),
            Field("model_size", .integer(r.facts.size)),
            Field("model_n_params", .integer(r.facts.parameters)),
            Field("n_batch", .integer(r.test.batch)),
            Field("n_ubatch", .integer(r.test.ubatch)),
            Field("n_threads", .integer(r.test.threads)),
            Field("cpu_mask", .string("0x0")),
            Field("cpu_strict", .bool(false)),
            Field("poll", .integer(50)),
            Field("type_k", .string(r.test.keyElement.rawValue)),
            Field("type_v", .string(r.test.valueElement.rawValue)),
            Field("n_gpu_layers", .integer(-1)),
            Field("n_cpu_moe", .integer(0)),
            Field("split_mode", .string("layer")),
            Field("main_gpu", .integer(0)),
            Field("no_kv_offload", .bool(false)),
            Field("flash_attn", .integer(-1)),
            Field("devices", .string("auto")),
            Field("tensor_split", .string("0.00")),
            Field("tensor_buft_overrides", .string("none")),
            Field("load_mode", .string("auto")),
            Field("lazy_mode", .string("auto")),
            Field("embeddings", .bool(false)),
            Field("no_op_offload", .integer(0)),
            Field("no_host", .bool(false)),
            Field("repack", .bool(true)),
            Field("fit_target", .integer(0)),
            Field("fit_min_ctx", .integer(0)),
            Field("n_prompt", .integer(r.test.prompt)),
            Field("n_gen", .integer(r.test.sequences * r.test.generated)),
            Field("n_depth", .integer(r.test.depth)),
            Field("test_time", .string(r.time)),
            Field("avg_ns", .integer(Int(ns.mean))),
            Field("stddev_ns", .integer(Int(ns.standardDeviation))),
            Field("avg_ts", .number(ts.mean)),
            Field("stddev_ts", .number(ts.standardDeviation)),
        ]
    }

    /// The raw samples, as llama-bench's JSON has them.
    var sampleFields: [Field] {
        [
            Field("samples_ns", .list(samples.map { .integer(Int($0)) })),
            Field("samples_ts", .list(samples.map { .number(1e9 * Double(test.tokens) / $0) })),
        ]
    }

    private var ours: [Field] {
        let (ns, ts) = (nanoseconds, rates)
        let bytes = work.bytes / Double(test.tokens)
        let multiplyAdds = work.multiplyAdds / Double(test.tokens)
        let firstToken = promptSeconds.isEmpty ? nil : Statistics(promptSeconds).median
        return [
            Field("test", .string(test.name)),
            Field("precision", .string(test.precision.rawValue)),
            Field("n_seq", .integer(test.sequences)),
            Field("n_threads_batch", .integer(test.prefillThreads)),
            Field("median_ns", .integer(Int(ns.median))),
            Field("min_ns", .integer(Int(ns.minimum))),
            Field("max_ns", .integer(Int(ns.maximum))),
            Field("mad_ns", .integer(Int(ns.medianAbsoluteDeviation))),
            Field("median_ts", .number(ts.median)),
            Field("min_ts", .number(ts.minimum)),
            Field("max_ts", .number(ts.maximum)),
            Field("mad_ts", .number(ts.medianAbsoluteDeviation)),
            Field("seq_ts", .number(ts.median / Double(test.sequences))),
            Field("load_s", .number(loadSeconds)),
            Field("load_to_first_token_s", .number(firstTokenSeconds)),
            Field("prompt_to_first_token_s", FieldValue(firstToken)),
            Field("peak_rss_bytes", FieldValue(peakMemory)),
            Field("bytes_per_token", .integer(Int(bytes))),
            Field("read_gb_s", .number(bandwidth * 1e-9)),
            Field("read_pct_of_limit", FieldValue(bandwidthShare.map { 100 * $0 })),
            Field("mac_per_token", .integer(Int(multiplyAdds))),
            Field("mac_per_cycle", .number(multiplyAddsPerCycle)),
            Field("mac_pct_of_sgemm", FieldValue(sgemmShare.map { 100 * $0 })),
            Field("other_cores_busy", FieldValue(othersCores)),
        ] + limits.fields(threads: workThreads) + machine.fields
    }
}

extension BenchRecord {
    /// A line for people when other processes held a core that this test wanted.
    package var warning: String? {
        guard let othersCores, othersCores >= CoreLoad.tolerance,
            othersCores + Double(workThreads) > Double(machine.cores) + CoreLoad.tolerance
        else { return nil }
        return """
            warning: \(test.name): other processes took \(othersCores.decimals(1)) of \(machine.cores) cores meanwhile; \
            end them, or compare medians and minima.
            """
    }
}
