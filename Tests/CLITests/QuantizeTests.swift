import Foundation
import GGUF
import TestSupport
import Testing

@Suite struct QuantizeTests {
    private func input(_ scratch: Scratch, _ model: RandomModel = RandomModel()) throws -> String {
        let path = scratch.path("in.gguf")
        try Data(model.encoded()).write(to: URL(filePath: path))
        return path
    }

    private func names(_ scratch: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.folder).sorted()
    }

    @Test func aFileIsMadeAndRuns() throws {
        let scratch = try Scratch()
        let out = scratch.path("out.gguf")
        let result = try CaratProcess(["quantize", try input(scratch), out, "q4_k_m", "-t", "2"])
        #expect(result.code == 0 && result.output.isEmpty, "\(result.errors)")
        #expect(result.errors.contains("out.gguf: ") && result.errors.contains("bits per weight in"))
        #expect(try names(scratch) == ["in.gguf", "out.gguf"])
        let run = try CaratProcess(["run", "-m", out, "-p", "a", "-n", "4", "--raw", "--temp", "0"])
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test func aDryRunShowsThePlanAndWritesNothing() throws {
        let scratch = try Scratch()
        let arguments = [
            "quantize", try input(scratch), scratch.path("out.gguf"), "Q2_K", "--dry-run", "--tensor-type",
            "ffn_up=Q5_K", "--recipe", "2024",
        ]
        let result = try CaratProcess(arguments)
        #expect(result.code == 0 && result.errors.isEmpty)
        for part in [
            "blk.0.ffn_up.weight       F32 -> Q5_K  256 x 512", "token_embd.weight         F32 -> Q2_K",
            "blk.1.attn_norm.weight    F32, as it is", " bits per weight\n",
        ] { #expect(result.output.contains(part), "\(part)") }
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func theHighEffortMakesAnotherFileOfTheSameSize() throws {
        let scratch = try Scratch()
        let file = try input(scratch)
        for effort in ["normal", "high"] {
            let result = try CaratProcess(["quantize", file, scratch.path(effort), "Q3_K_M", "--effort", effort])
            #expect(result.code == 0)
        }
        let made = try ["normal", "high"].map { try Data(contentsOf: URL(filePath: scratch.path($0))) }
        #expect(made[0] != made[1] && made[0].count == made[1].count)
    }

    @Test func whatIsUnexpectedIsSaid() throws {
        let scratch = try Scratch()
        var model = RandomModel()
        model.width = 96
        let result = try CaratProcess(["quantize", try input(scratch, model), scratch.path("out.gguf"), "Q4_K_S"])
        #expect(result.code == 0)
        #expect(
            result.errors.contains(
                "warning: rows of 96 weights are no multiple of 256: blk.0.attn_k.weight and 7 more: Q5_0 instead of "
                    + "Q4_K, with which Carat cannot compute"))
    }

    @Test func aChosenTypeThatCannotRunIsSaid() throws {
        let scratch = try Scratch()
        let result = try CaratProcess([
            "quantize", try input(scratch), scratch.path("out.gguf"), "Q8_0", "--tensor-type", "ffn_down=Q4_0",
        ])
        #expect(result.code == 0)
        #expect(
            result.errors.contains(
                "warning: blk.0.ffn_down.weight and 1 more: Q4_0, with which Carat cannot compute"), "\(result.errors)")
    }

    @Test(arguments: [
        (["Q9"], 64, "there is no recipe 'Q9'"), (["Q4_K_M", "--tensor-type", "x"], 64, "'x' is not PATTERN=TYPE"),
        (["Q4_K_M", "-t", "0"], 64, "1 to 1024"), (["Q4_K_M", "--recipe", "1999"], 64, "1999"),
        (["Q4_K_M", "--tensor-type", "fnn=Q8_0"], 1, "matches 'fnn'"),
        (["Q4_K_M", "--imatrix", "/dev/null"], 1, "it is a device"),
        (["Q4_K_M", "--imatrix", "none.gguf"], 1, "there is no such file"),
    ])
    func wrongUse(arguments: [String], code: Int32, part: String) throws {
        let scratch = try Scratch()
        let result = try CaratProcess(
            ["quantize", try input(scratch), scratch.path("out.gguf")] + arguments)
        #expect(result.code == code && result.errors.contains(part), "\(result.errors)")
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func errorsOfTheModelNameTheTensor() throws {
        let scratch = try Scratch()
        var model = RandomModel()
        model.format = { $0.contains("attn_v") ? .Q8_0 : .F16 }
        let file = try input(scratch, model)
        let result = try CaratProcess(["quantize", file, scratch.path("out.gguf"), "Q4_K_M"])
        #expect(result.code == 1 && result.errors.contains("blk.0.attn_v.weight is quantized already, as Q8_0"))
        let allowed = try CaratProcess(
            ["quantize", file, scratch.path("out.gguf"), "Q4_K_M", "--allow-requantize"])
        #expect(allowed.code == 0)
        let same = try CaratProcess(["quantize", file, file, "Q4_K_M", "--allow-requantize"])
        #expect(same.code == 1 && same.errors.contains("is the model itself"))
    }

    /// A model that takes a moment.
    private func larger() -> RandomModel {
        var model = RandomModel()
        (model.layers, model.width, model.feedForwardWidth) = (4, 512, 3072)
        return model
    }

    @Test func interruptsLeaveNothingBehind() throws {
        let scratch = try Scratch()
        let file = try input(scratch, larger())
        let result = try CaratProcess(
            ["quantize", file, scratch.path("out.gguf"), "Q2_K", "--effort", "high", "-t", "1"],
            interruptAfter: 0.5)
        #expect(result.code == 130)
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func aKilledRunLeavesTheOldFile() throws {
        let scratch = try Scratch()
        let file = try input(scratch, larger())
        let out = scratch.path("out.gguf")
        try Data([1, 2, 3]).write(to: URL(filePath: out))
        for delay in [0.02, 0.1, 0.3] {
            let process = Process()
            process.executableURL = CaratProcess.program
            process.arguments = ["quantize", file, out, "Q2_K", "--effort", "high", "-t", "1"]
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(try Data(contentsOf: URL(filePath: out)) == Data([1, 2, 3]), "\(delay)")
        }
    }

    /// A limit on the size of files stands for a full disk: the write fails with an error.
    @Test func aWriteThatFailsLeavesTheOldFile() throws {
        let scratch = try Scratch()
        let file = try input(scratch, larger())
        let out = scratch.path("out.gguf")
        try Data([1, 2, 3]).write(to: URL(filePath: out))
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\" 2>\"$ERRORS\"", CaratProcess.program.path(),
            "quantize", file, out, "Q8_0",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["ERRORS": scratch.path("errors")]) { $1 }
        try process.run()
        process.waitUntilExit()
        let errors = try String(contentsOfFile: scratch.path("errors"), encoding: .utf8)
        #expect(process.terminationStatus == 1 && errors.contains("cannot write") && errors.contains("(write)"))
        #expect(try Data(contentsOf: URL(filePath: out)) == Data([1, 2, 3]))
        #expect(try names(scratch) == ["errors", "in.gguf", "out.gguf"])
    }
}
