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

        /// Tiles compute whole ones past the last row and position.
        @Test(arguments: TileTests.formats)
        func `tiles read nothing beyond the last row and position`(format: Format) {
            var random = SplitMix(15)
            let columns = 512
            for rowCount in [1, 2, 15, 17] {
                let rows = (0..<rowCount * format.rowBytes(columns)).map { _ in UInt8.random(in: 0...60, using: &random)
                }
                for positions in Array(1...19) + [65, 67, 513] {
                    let x = (0..<positions * columns).map { _ in Float.random(in: -1...1, using: &random) }
                    for isa in ISA.available {
                        let natural = isa.quantize256(x)
                        compare(isa, carat_tile(isa.table, format.id), format, rows, rowCount, natural, natural)
                        guard let pair = isa.table.pointee.pair256 else { continue }
                        var paired = natural
                        pair(&paired, paired.count)
                        compare(isa, carat_paired_tile(isa.table, format.id), format, rows, rowCount, paired, natural)
                    }
                }
            }
        }

        /// A tile between guard pages against dots of `natural` activations, of two super-blocks each.
        private func compare(
            _ isa: ISA, _ tile: carat_tile_fn?, _ format: Format, _ rows: [UInt8], _ rowCount: Int,
            _ activations: [carat_act256], _ natural: [carat_act256]
        ) {
            guard let tile else { return }
            let positions = activations.count / 2, bytes = activations.withUnsafeBytes { Array($0) }
            Self.withRowsBeforeGuardPage(rows) { rowsInMemory in
                Self.withRowsBeforeGuardPage(bytes) { activationsInMemory in
                    Self.withRowsBeforeGuardPage([UInt8](repeating: 0, count: positions * rowCount * 4)) { output in
                        let y = UnsafeMutablePointer(mutating: output.assumingMemoryBound(to: Float.self))
                        tile(
                            rowsInMemory, format.rowBytes(512), rowCount, 512,
                            activationsInMemory.assumingMemoryBound(to: carat_act256.self), positions, y, rowCount)
                        for p in [0, positions - 1] {
                            let one = Array(natural[2 * p..<2 * p + 2])
                            let dots = isa.dot(format, rows, rowCount: rowCount, columns: 512, one)
                            let same = (0..<rowCount).allSatisfy {
                                y[p * rowCount + $0].bitPattern == dots[$0].bitPattern
                            }
                            #expect(same, "\(isa) \(rowCount) rows, \(positions) positions")
                        }
                    }
                }
            }
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
