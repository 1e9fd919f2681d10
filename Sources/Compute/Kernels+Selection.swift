extension Kernels {
    /// The instruction sets whose kernels this CPU can run, in the order of their declaration.
    public static let supported = InstructionSet.allCases.filter { Kernels($0) != nil }

    /// The kernels of the instruction set with this name.
    ///
    /// Throws: `ComputeError.instructionSet` where there is none of the name or this CPU cannot run it.
    public static func named(_ name: String) throws(ComputeError) -> Kernels {
        guard let kernels = InstructionSet(rawValue: name).flatMap({ Kernels($0) }) else {
            throw .instructionSet(name: name, supported: supported.map(\.rawValue))
        }
        return kernels
    }

    /// Names the code of the kernels and of the paths around them. It is raised when their speed or bits change:
    /// measured costs and errors of another build are not used.
    package static let build = "8"
}
