import Bench
import Foundation
import Testing

@Suite struct RecordFormatTests {
    /// The columns of llama-bench, in its order; its compare script reads most of them.
    static let llamaBenchFields = """
        build_commit build_number cpu_info gpu_info backends model_filename model_type model_size model_n_params n_batch \
        n_ubatch n_threads cpu_mask cpu_strict poll type_k type_v n_gpu_layers n_cpu_moe split_mode main_gpu \
        no_kv_offload flash_attn devices tensor_split tensor_buft_overrides load_mode lazy_mode embeddings \
        no_op_offload no_host repack fit_target fit_min_ctx n_prompt n_gen n_depth test_time avg_ns stddev_ns avg_ts \
        stddev_ts
        """.split(separator: " ").map(String.init)

    /// Two real tests on the embedded model, with a name that no format may let through as it is.
    static let records: [BenchRecord] = {
        do { return try SampleRun.records() } catch {
            Issue.record(error)
            return []
        }
    }()

    private func printed(_ format: RecordFormat) throws -> String {
        let records = Self.records
        let first = try #require(records.first)
        var printer = format.printer(for: records.map(\.test))
        return printer.header + records.map { printer.row($0) }.joined()
            + printer.footer(machine: first.machine, limits: first.limits)
    }

    @Test func theFieldsBeginWithLlamaBenchs() throws {
        let names = try #require(Self.records.first).fields.map(\.name)
        #expect(Array(names.prefix(Self.llamaBenchFields.count)) == Self.llamaBenchFields)
        #expect(Set(names).count == names.count)
        for name in [
            "precision", "n_seq", "median_ts", "mad_ts", "peak_rss_bytes", "bytes_per_token", "blas_core", "isa",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }

    @Test func jsonIsAnArrayOfObjectsWithRawSamples() throws {
        let array = try JSONSerialization.jsonObject(with: Data(try printed(.json).utf8)) as? [[String: Any]]
        let objects = try #require(array)
        #expect(objects.count == 2)
        try check(objects)
    }

    @Test func jsonLinesAreOneObjectEach() throws {
        let objects = try printed(.jsonl).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        try check(objects)
    }

    private func check(_ objects: [[String: Any]]) throws {
        let (prompt, generation) = (try #require(objects.first), try #require(objects.last))
        #expect(prompt["n_prompt"] as? Int == 8 && prompt["n_gen"] as? Int == 0)
        #expect(generation["n_gen"] as? Int == 6 && generation["n_seq"] as? Int == 2)
        #expect(prompt["model_filename"] as? String == SampleRun.hostileName)
        #expect(prompt["build_commit"] as? String == "auto-test")
        for object in objects {
            let samples = try #require(object["samples_ns"] as? [Double])
            let rates = try #require(object["samples_ts"] as? [Double])
            #expect(samples.count == 3 && rates.count == 3)
            let tokens = try #require(object["n_prompt"] as? Double) + (try #require(object["n_gen"] as? Double))
            #expect(abs(rates[0] - 1e9 * tokens / samples[0]) < 0.001 * rates[0])
            let median = try #require(object["median_ns"] as? Double)
            #expect(median == samples.sorted()[1])
            #expect(Set(Self.llamaBenchFields).isSubset(of: object.keys))
        }
    }

    @Test func csvHasAHeaderAndAQuotedFieldForEachColumn() throws {
        let rows = Self.parsed(csv: try printed(.csv))
        let names = try #require(rows.first)
        #expect(rows.count == 3 && rows.allSatisfy { $0.count == names.count })
        #expect(Array(names.prefix(Self.llamaBenchFields.count)) == Self.llamaBenchFields)
        let file = try #require(names.firstIndex(of: "model_filename"))
        #expect(rows[1][file] == SampleRun.hostileName)
        #expect(rows[1][0] == "auto-test" && rows[2][names.count - 2].split(separator: " ").count == 3)
    }

    /// RFC 4180: fields may be quoted, with quotes doubled and line ends inside.
    private static func parsed(csv text: String) -> [[String]] {
        var rows: [[String]] = [[]]
        var field = ""
        var isQuoted = false
        for character in text {
            switch character {
            case "\"":
                // a quote that may end the field leaves a mark; a second one right after it was a quote of the text
                if isQuoted {
                    field.append("\u{1}")
                } else if field.last == "\u{1}" {
                    field.removeLast()
                    field.append("\"")
                }
                isQuoted.toggle()
            case "," where !isQuoted, "\n" where !isQuoted:
                rows[rows.count - 1].append(field.last == "\u{1}" ? String(field.dropLast()) : field)
                field = ""
                if character == "\n" { rows.append([]) }
            default: field.append(character)
            }
        }
        return rows.filter { !$0.isEmpty }
    }

    @Test func markdownIsATableAndWhatTheMachineIs() throws {
        let text = try printed(.md)
        let lines = text.split(separator: "\n")
        let columns = lines[0].count { $0 == "|" }
        #expect(lines[0].contains("| model ") && lines[0].contains(" t/s |") && lines[0].contains("t/s each"))
        #expect(lines[1].hasPrefix("| ---") && lines.prefix(4).allSatisfy { $0.count { $0 == "|" } == columns })
        #expect(lines[2].contains(" pp8 |") && lines[2].contains(" ± ") && lines[3].contains(" tg3 x2 |"))
        #expect(text.contains("machine: ") && text.contains("OpenBLAS") && text.contains("limits: clock "))
    }
}
