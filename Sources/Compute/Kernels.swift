internal import CKernels

/// The SIMD kernels of one instruction set, chosen when the program starts.
public struct Kernels: Sendable {
    /// Instruction sets that Carat has kernels for, the slowest of each processor family first.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case portable, avx2, avxvnni, avx512vnni, neon

        /// Whether these kernels have run as they are and given the bits of the portable ones; the others have done so
        /// only with plain C in the place of their instructions, and must be asked for by name.
        public var isProved: Bool {
            switch self {
            case .portable, .avx2, .neon: true
            case .avxvnni, .avx512vnni: false
            }
        }
    }

    public let instructionSet: InstructionSet
    /// A table in static memory, never written to.
    nonisolated(unsafe) let table: UnsafePointer<carat_kernels>

    /// The fastest proved kernels that this CPU can run.
    public static let best =
        InstructionSet.allCases.reversed().lazy.filter(\.isProved).compactMap { Kernels($0) }.first ?? portable
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
    func dequantize(_ format: WeightFormat) -> carat_dequantize_fn { carat_dequantize(table, format.code) }
}
