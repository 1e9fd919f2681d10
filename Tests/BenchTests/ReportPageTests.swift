import Bench
import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct ReportPageTests {
    private static let page = ReportPage(
        machine: .current(), limits: SampleRun.limits, records: RecordFormatTests.records,
        kernels: KernelBenchTests.records
    ).html

    @Test func itHasTheChartsAndTables() {
        for part in [
            "Speed over context depth", "Prompt (pp)", "Generation (tg)", "Roofline of the kernels",
            "Where the paths cross", "Multiply-adds per byte of weights", "MAC per cycle and core", "Positions n",
            "Tokens per second", "<h2>Results</h2>", "<h2>Kernels</h2>", "<h2>Machine</h2>", "OpenBLAS",
            "prefers-color-scheme: dark", "name=\"viewport\"",
        ] {
            #expect(Self.page.contains(part), "\(part)")
        }
        #expect(Self.page.split(separator: "<figure>").count - 1 == 4)
        #expect(Self.page.contains("<title>Q4_K quant, n = 1: "))
    }

    @Test func namesFromOutsideAreEscaped() {
        #expect(!Self.page.contains("<img") && !Self.page.contains("</script>"))
        #expect(Self.page.contains("&lt;img src=x onerror=alert(1)&gt;"))
    }

    @Test func itAsksNobodyForAnything() {
        for part in ["http:", "https:", "<script", "<link", "url(", "@import", " src="] {
            #expect(!Self.page.replacing("&lt;img src=x", with: "").contains(part), "\(part)")
        }
    }

    @Test func noNumberOfADrawingIsMissing() {
        #expect(!Self.page.contains("nan") && !Self.page.contains("inf\"") && !Self.page.contains("Optional"))
    }

    @Test func itIsWellFormed() throws {
        let body = Self.page.split(separator: "\n").dropFirst().joined(separator: "\n")
            .replacing("<meta charset=\"utf-8\">", with: "")
            .replacing(#/<meta name="[^>]*>/#, with: "")
        let parser = XMLParser(data: Data(body.utf8))
        #expect(parser.parse(), "line \(parser.lineNumber)")
    }

    @Test func kernelsAloneMakeAPage() {
        let page = ReportPage(
            machine: .current(), limits: SampleRun.limits, records: [], kernels: KernelBenchTests.records
        ).html
        #expect(page.contains("Roofline") && !page.contains("Results"))
    }

    @Test func depthsEndWhereTheContextDoes() throws {
        let facts = try BenchModel(path: nil).facts
        #expect(ReportPage.depths(fitting: [facts], matrix: TestMatrix()) == [0, 512, 1024])
    }
}
