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
            let name = ["maximum", "exclusiveMaximum", "minimum"].first { self[$0] != nil } ?? "exclusiveMinimum"
            throw .unsatisfiable(path: place(name))
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

    /// Numbers with fractions have no bounds here.
    func refuseBounds() throws(GrammarError) {
        for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] where self[name] != nil {
            throw .unsupported(
                path: place(name), remedy: "For the type `number` it is not; say `integer`, or leave it out.")
        }
    }
}
