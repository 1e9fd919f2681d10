import Foundation
import Testing

#if os(Linux)
    private let isLinux = true
#else
    private let isLinux = false
#endif

@Suite(.serialized) struct BenchTests {
    @Test func everyAskedTestIsARow() throws {
        let result = try CaratProcess(["bench", "-p", "16,8", "-n", "4", "-pg", "8,2", "-d", "0,32", "-r", "2"])
        #expect(result.code == 0)
        let rows = result.output.split(separator: "\n").filter { $0.hasPrefix("| gemma") }
        for name in ["pp16", "pp8", "tg4", "pp8+tg2", "pp16 @ d32", "pp8 @ d32", "tg4 @ d32", "pp8+tg2 @ d32"] {
            #expect(rows.contains { $0.contains(" \(name) |") }, "\(name)")
        }
        #expect(rows.count == 8)
    }

    @Test func dimensionsBeyondLlamaBenchsAreFields() throws {
        let result = try CaratProcess([
            "bench", "-p", "8", "-n", "2", "-npl", "1,3", "-ctk", "f16,f32", "-ctv", "q8_0", "-r", "1", "-o", "jsonl",
            "-t", "1",
            "--build", "mine", "-oe", "csv",
        ])
        let objects = try result.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.compactMap { $0["test"] as? String } == ["pp8", "tg2", "tg2 x3", "pp8", "tg2", "tg2 x3"])
        #expect(objects.compactMap { $0["type_k"] as? String } == ["f16", "f16", "f16", "f32", "f32", "f32"])
        #expect(objects.allSatisfy { $0["type_v"] as? String == "q8_0" })
        #expect(objects.allSatisfy { ($0["build_commit"] as? String)?.hasSuffix("-mine") == true })
        #expect(result.errors.contains("build_commit,build_number,"))
    }

    @Test func aReportIsWritten() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString).html")
        defer { try? FileManager.default.removeItem(at: file) }
        let flags = ["--format", "Q2_K", "-n", "1,16", "-t", "1", "--isa", "portable", "-o", "csv"]
        let result = try CaratProcess(["bench", "kernels", "--report", file.path()] + flags)
        #expect(result.code == 0 && result.output.contains("\"Q2_K\",\"portable\",\"quant\",\"16\""))
        #expect(try String(contentsOf: file, encoding: .utf8).contains("<svg"))
    }

    /// A device takes no report, and says so only when it is written to.
    @Test func aReportThatCannotBeWrittenIsNamed() throws {
        let flags = ["--format", "F32", "-n", "1", "-t", "1", "--isa", "portable", "-o", "csv"]
        let full = try CaratProcess(["bench", "kernels", "--report", "/dev/full"] + flags)
        #expect(full.code == 1 && full.errors.contains("cannot write /dev/full: the disk is full"))
        #expect(try CaratProcess(["bench", "kernels", "--report", "/dev/null"] + flags).code == 0)
    }

    @Test func fewerThreadsThanNamedAreAWarning() throws {
        let arguments = ["bench", "kernels", "--format", "F32", "-n", "1", "-t", "2", "--isa", "portable", "-o", "csv"]
        let result = try CaratProcess(arguments, environment: ["OMP_THREAD_LIMIT": "1"])
        #expect(result.code == 0 && result.errors.contains("OMP_THREAD_LIMIT allows 1 of the 2 threads"))
    }

    /// OpenBLAS would wait for ever for the address space that it cannot have.
    @Test(.enabled(if: isLinux)) func tooLittleAddressSpaceForOpenBLASIsAnError() throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let errors = Pipe()
        let program = CaratProcess.program.path()
        shell.arguments = [
            "-c", "ulimit -v 450000 && exec timeout -s KILL 60 '\(program)' bench -t 2 -p 64 -n 0 -r 1 -o csv",
        ]
        shell.environment = ProcessInfo.processInfo.environment
            .merging(["XDG_CACHE_HOME": CaratProcess.cache.path(), "OPENBLAS_NUM_THREADS": "1"]) { $1 }
        shell.standardError = errors
        try shell.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1 && text.contains("OpenBLAS needs 400 MiB"), "\(text)")
    }

    @Test(
        arguments: [
            (["-p", "x"], 64, "-p x"),
            (["-n", "1-8*1"], 64, "-n 1-8*1"),
            (["-npl", "0"], 64, "-npl 0: 1 to"),
            (["-pg", "5"], 64, "-pg 5"),
            (["-t", "0"], 64, "-t 0: 1 to 1024"),
            (["-ctk", "q9"], 64, "f16"),
            (["-ctv", "q9"], 64, "-ctv q9"),
            (["--precision", "best"], 64, "auto"),
            (["-o", "xml"], 64, "xml"),
            (["--isa", "mmx"], 64, "--isa: there is no instruction set 'mmx'"),
            (["-r", "0"], 64, "repetitions"),
            (["-p", "0", "-n", "0"], 64, "nothing to measure"),
            (["-d", "2000", "-p", "64"], 1, "2048"),
            (["-m", "/nowhere.gguf"], 1, "/nowhere.gguf"),
            (["--report", "/nowhere/r.html", "-p", "1"], 1, "/nowhere/r.html"),
            (["kernels", "--format", "Q9"], 64, "Q4_K"),
            (["kernels", "--isa", "mmx"], 64, "portable"),
            (["kernels", "-n", "0"], 64, "-n 0: 1 to 4096"),
        ] as [([String], Int32, String)])
    func badInputIsNamed(arguments: [String], code: Int32, part: String) throws {
        let result = try CaratProcess(["bench"] + arguments)
        #expect(result.code == code && result.output.isEmpty)
        #expect(result.errors.contains(part), "\(result.errors)")
    }

    @Test func theInstructionSetIsFlagOrEnvironment() throws {
        func sets(_ arguments: [String], _ variable: String) throws -> Set<String> {
            let result = try CaratProcess(["bench"] + arguments, environment: ["CARAT_ISA": variable])
            #expect(result.code == 0, "\(result.errors)")
            let objects = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
            return Set(try #require(objects).compactMap { $0["isa"] as? String })
        }
        let models = ["-p", "4", "-n", "1", "-r", "1", "-t", "1", "-o", "json"]
        #expect(try sets(models, "portable") == ["portable"])
        #expect(try sets(models + ["--isa", "portable"], "mmx") == ["portable"])
        let kernels = ["kernels", "--format", "F32", "-n", "1", "-t", "1", "-o", "json"]
        #expect(try sets(kernels, "portable") == ["portable"])
        #expect(try sets(kernels + ["--isa", "PORTABLE"], "mmx") == ["portable"])
        for arguments in [["bench"], ["bench", "kernels"]] {
            let bad = try CaratProcess(arguments, environment: ["CARAT_ISA": "sse9"])
            #expect(bad.code == 64 && bad.errors.contains("CARAT_ISA") && bad.errors.contains("portable"))
        }
    }

    @Test func ctrlCPrintsWhatIsDone() throws {
        let result = try CaratProcess(
            ["bench", "-p", "0", "-n", "2", "-r", "100000", "-o", "jsonl"], interruptAfter: 6)
        #expect(result.code == 130)
        #expect(result.output.contains("\"test\": \"tg2\""))
    }
}
