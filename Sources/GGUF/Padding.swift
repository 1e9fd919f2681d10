extension Int {
    /// The next multiple of `alignment`, or nil if there is none below `Int.max`.
    ///
    /// Precondition: `alignment` is a power of two.
    func padded(to alignment: Int) -> Int? {
        let (sum, overflow) = addingReportingOverflow(alignment - 1)
        return overflow ? nil : sum & ~(alignment - 1)
    }
}

extension [UInt8] {
    mutating func append(littleEndian number: some FixedWidthInteger) {
        var rest = number
        for _ in 0..<(type(of: number).bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
