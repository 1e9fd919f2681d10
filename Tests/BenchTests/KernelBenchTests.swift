import Bench
import Compute
import Foundation
import Testing

@Suite struct KernelBenchTests {
    static let records = SampleRun.kernels()

    @Test func everyPathAndEveryNIsMeasured() {
        let cases = Self.records.map { "\($0.format) \($0.path.rawValue) \($0.positions ?? 0)" }
        #expect(
            cases == [
                "Q4_K dequantize 0", "Q4_K blas 1", "Q4_K blas 64", "Q4_K quant 1", "Q4_K quant 64",
                "int8x256 quantize 64",
            ])
        for record in Self.records {
            #expect(record.seconds > 0 && record.bytesPerSecond.isFinite && record.cyclesPerElement > 0)
            #expect((record.multiplyAdds != nil) == (record.path == .blas || record.path == .quantized))
        }
    }

    /// One position is bounded by reading, many by arithmetic: of sgemm on one path, of int8 registers on the other.
    @Test func theLimitIsTheLowerRoof() throws {
        func limit(_ path: KernelRecord.Path, _ n: Int) throws -> (rate: Double, bound: KernelRecord.Bound) {
            try #require(Self.records.first { $0.path == path && $0.positions == n }?.limit)
        }
        let weightsPerByte = 256.0 / 144
        let read = try limit(.quantized, 1)
        #expect(read.bound == .reads && abs(read.rate / (15e9 * weightsPerByte) - 1) < 1e-9)
        let integers = try limit(.quantized, 64)
        #expect(integers.rate == 150e9 && integers.bound == .compute)
        let floats = try limit(.blas, 64)
        #expect(floats.rate == 45e9 && floats.bound == .compute)
    }

    @Test func formatsAreThoseOfTheModels() throws {
        #expect(KernelBench.formats(of: [try BenchModel(path: nil).facts]) == [.Q4_K, .Q6_K])
    }

    @Test func theyAreWrittenInThreeFormats() throws {
        func printed(_ format: KernelFormat) -> String {
            var printer = format.printer(machine: .current(), limits: SampleRun.limits)
            return printer.header + Self.records.map { printer.row($0) }.joined() + printer.footer
        }
        let objects = try #require(
            try JSONSerialization.jsonObject(with: Data(printed(.json).utf8)) as? [[String: Any]])
        #expect(objects.count == Self.records.count)
        #expect(objects[1]["path"] as? String == "blas" && objects[1]["n"] as? Int == 1)
        #expect((objects[1]["mac_per_cycle"] as? Double ?? 0) > 0 && objects[1]["bound"] as? String == "reads")
        let csv = printed(.csv).split(separator: "\n")
        #expect(csv.count == 1 + Self.records.count && csv[0].hasPrefix("format,isa,path,n,"))
        let table = printed(.md).split(separator: "\n")
        #expect(
            table[0].contains("MAC/cycle") && table[2].contains("dequantize")
                && table.last?.hasPrefix("limits:") == true)
    }
}
