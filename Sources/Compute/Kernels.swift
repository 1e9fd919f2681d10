internal import CKernels

/// The SIMD kernels of one instruction set, chosen when the program starts.
public struct Kernels: Sendable {
    /// Instruction sets that Carat has kernels for, the slowest of each processor family first.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case portable, avx2, avxvnni, avx512vnni, neon

        /// Whether these kernels are taken where nothing is asked for. Those of AVX-VNNI are as exact as the others, but
        /// on the one CPU with it that they were measured on (Zen 5) those of AVX2 were faster.
        public var isPreferred: Bool { self != .avxvnni }
    }

    public let instructionSet: InstructionSet
    /// A table in static memory, never written to.
    nonisolated(unsafe) let table: UnsafePointer<carat_kernels>

    /// The fastest kernels that this CPU can run.
    public static let best =
        InstructionSet.allCases.reversed().lazy.filter(\.isPreferred).compactMap { Kernels($0) }.first ?? portable
    /// Scalar C, the specification of all others.
    public static let portable = Kernels(instructionSet: .portable, table: carat_kernels_portable())

    /// The kernels of `instructionSet`, or nil where this CPU cannot run them.
    public init?(_ instructionSet: InstructionSet) {
        let table =
            switch instructionSet {
            case .portable: carat_kernels_portable()
            case .avx2: carat_kernels_avx2()
            case .avxvnni: carat_kernels_avxvnni()
            case .avx512vnni: carat_kernels_avx512vnni()
            case .neon: carat_kernels_neon()
            }
        guard let table else { return nil }
        self.init(instructionSet: instructionSet, table: table)
    }

    private init(instructionSet: InstructionSet, table: UnsafePointer<carat_kernels>) {
        self.instructionSet = instructionSet
        self.table = table
    }

    func dot(_ format: WeightFormat) -> carat_dot_fn { carat_dot(table, format.code) }
    func tile(_ format: WeightFormat) -> carat_tile_fn? { carat_tile(table, format.code) }
    /// The tile kernel for activations that are paired, where it is there and repays pairing them.
    func pairedTile(_ format: WeightFormat, positions: Int) -> carat_tile_fn? {
        positions >= table.pointee.paired_positions ? carat_paired_tile(table, format.code) : nil
    }
    /// The tile kernel for so many positions, nil where dot products are faster; it takes activations as `pairedTile`
    /// says.
    func tile(_ format: WeightFormat, positions: Int) -> carat_tile_fn? {
        guard positions >= table.pointee.tile_positions else { return nil }
        return pairedTile(format, positions: positions) ?? tile(format)
    }
    func dequantize(_ format: WeightFormat) -> carat_dequantize_fn { carat_dequantize(table, format.code) }
}
