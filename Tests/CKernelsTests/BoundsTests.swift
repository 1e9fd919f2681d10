#if canImport(Glibc)
    import CKernels
    import Glibc
    import Quantization
    import TestSupport
    import Testing

    /// Rows at the end of a page whose successor cannot be read: a kernel that reads one byte too far crashes here, as
    /// it would on the last tensor of a mapped file.
    struct BoundsTests {
        static func withRowsBeforeGuardPage(_ rows: [UInt8], _ body: (UnsafeRawPointer) -> Void) {
            let page = Int(getpagesize())
            let length = (rows.count + page - 1) / page * page
            guard let start = mmap(nil, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                start != MAP_FAILED, mprotect(start + length, page, PROT_NONE) == 0
            else {
                Issue.record("no guard page")
                return
            }
            defer { munmap(start, length + page) }
            let first = start + length - rows.count
            first.copyMemory(from: rows, byteCount: rows.count)
            body(first)
        }

        @Test(arguments: Format.allCases)
        func `kernels read nothing beyond the last row`(format: Format) {
            var random = SplitMix(9)
            let columns = Format.float.contains(format) ? 289 : 256
            for rowCount in 1...5 {
                let rows = (0..<rowCount * format.rowBytes(columns)).map { _ in UInt8.random(in: 0...60, using: &random)
                }
                let x = [Float](repeating: 0.5, count: columns)
                Self.withRowsBeforeGuardPage(rows) { guarded in
                    for isa in ISA.available {
                        var y = [Float](repeating: 0, count: rowCount)
                        func dot(_ activation: UnsafeRawPointer) {
                            let rowBytes = format.rowBytes(columns)
                            carat_dot(isa.table, format.id)(guarded, rowBytes, rowCount, columns, activation, &y)
                        }
                        switch format {
                        case .f32, .f16, .bf16: dot(x)
                        case .q8_0: dot(isa.quantize32(x))
                        default: dot(isa.quantize256(x))
                        }
                        var decoded = [Float](repeating: 0, count: rowCount * columns)
                        carat_dequantize(isa.table, format.id)(guarded, decoded.count, &decoded)
                        #expect(decoded == format.decode(rows), "\(isa) \(rowCount)")
                        #expect(y.allSatisfy { $0.isFinite })
                    }
                }
            }
        }
    }
#endif
