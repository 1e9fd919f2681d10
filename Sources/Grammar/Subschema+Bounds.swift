internal import JSON

extension Subschema {
    /// A count such as `minItems`; nil where there is none.
    func count(_ name: String, most: Int) throws(GrammarError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else { throw wrongType(name, value, expected: "a whole number") }
        guard number >= 0, number == number.rounded() else {
            throw .invalid(path: place(name), problem: "is \(number), where a whole number from 0 is expected.")
        }
        guard let count = value.wholeNumber, count <= most else {
            throw .unsupported(path: place(name), remedy: "Above \(most) it is not; leave it out or give less.")
        }
        return count
    }

    /// The whole numbers between the bounds.
    func integers() throws(GrammarError) -> ClosedRange<Int> {
        let most = MachineBuilder.maxInteger
        let low = max(try bound("minimum", .up, 0) ?? -most, try bound("exclusiveMinimum", .down, 1) ?? -most)
        let high = min(try bound("maximum", .down, 0) ?? most, try bound("exclusiveMaximum", .up, -1) ?? most)
        guard low <= high else {
            throw .unsatisfiable(path: place(tightest))
        }
        return low...high
    }

    /// The whole number at a bound, and as far beyond it as the keyword says.
    private func bound(_ name: String, _ rule: FloatingPointRoundingRule, _ step: Int) throws(GrammarError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else { throw wrongType(name, value, expected: "a number") }
        if case .integer(let whole) = value, abs(number) < 1e18 { return whole + step }
        guard abs(number) < 0x1p53, let whole = Int(exactly: number.rounded(rule)) else {
            throw .unsupported(path: place(name), remedy: "Beyond 18 digits it is not; leave it out or give less.")
        }
        return whole + step
    }

    /// The bounds of numbers with fractions, of two the tighter one.
    func decimals() throws(GrammarError) -> (low: DecimalBound?, high: DecimalBound?) {
        var low: DecimalBound?
        var high: DecimalBound?
        for (name, isExclusive) in [("minimum", false), ("exclusiveMinimum", true)] {
            guard let bound = try decimal(name, isExclusive) else { continue }
            low = low.map { bound.isBelow($0) ? $0 : bound } ?? bound
        }
        for (name, isExclusive) in [("maximum", false), ("exclusiveMaximum", true)] {
            guard let bound = try decimal(name, isExclusive) else { continue }
            high = high.map { $0.isBelow(bound) ? $0 : bound } ?? bound
        }
        return (low, high)
    }

    private func decimal(_ name: String, _ isExclusive: Bool) throws(GrammarError) -> DecimalBound? {
        guard let value = self[name] else { return nil }
        guard value.double != nil else { throw wrongType(name, value, expected: "a number") }
        if let bound = DecimalBound(value, isExclusive: isExclusive) { return bound }
        throw .unsupported(path: place(name), remedy: "Beyond 15 digits it is not; leave it out or give fewer.")
    }

    /// The keyword to name where bounds leave nothing.
    var tightest: String {
        ["maximum", "exclusiveMaximum", "minimum"].first { self[$0] != nil } ?? "exclusiveMinimum"
    }
}
