internal import JSON

/// A bound of numbers with fractions, in decimal digits as the texts that it is compared with.
struct DecimalBound: Equatable {
    /// Digits of a bound: as many as a `Double` always tells apart, so that texts within a bound are read as such.
    static let maxDigits = 15

    var isNegative = false
    /// Without its sign.
    var whole = 0
    /// ASCII digits after the point; the last is not 0.
    var fraction: [UInt8] = []
    /// Whether the bound itself is outside.
    var isExclusive = false

    /// All of the 15 digits a 9, or no bound at all.
    static let largest = DecimalBound(whole: 999_999_999_999_999)

    var isZero: Bool { whole == 0 && fraction.isEmpty }
    var wholeDigits: Int { "\(whole)".utf8.count }
    var magnitude: DecimalBound { DecimalBound(whole: whole, fraction: fraction, isExclusive: isExclusive) }
    var negated: DecimalBound {
        var other = self
        other.isNegative = !isNegative && !isZero
        return other
    }

    func isBelow(_ other: DecimalBound) -> Bool {
        guard isNegative == other.isNegative else { return isNegative }
        let (one, two) = isNegative ? (other, self) : (self, other)
        return one.whole != two.whole ? one.whole < two.whole : one.fraction.lexicographicallyPrecedes(two.fraction)
    }
}

extension DecimalBound {
    /// nil for a number of more than 15 digits around its point.
    init?(_ value: JSONValue, isExclusive: Bool) {
        guard let double = value.double else { return nil }
        var text = value.wholeNumber.map { "\($0)" } ?? "\(double)"
        isNegative = text.hasPrefix("-")
        if isNegative { text.removeFirst() }
        // digits, point and exponent, as Swift describes a Double
        let parts = text.split(separator: "e")
        guard let mantissa = parts.first, let exponent = parts.count > 1 ? Int(parts[1]) : 0, abs(exponent) < 32 else {
            return nil
        }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        var before = Array((halves.first ?? "").utf8)
        var after = halves.count > 1 ? Array(halves[1].utf8) : []
        for _ in 0..<max(0, exponent) { before.append(after.isEmpty ? 0x30 : after.removeFirst()) }
        for _ in 0..<max(0, -exponent) { after.insert(before.popLast() ?? 0x30, at: 0) }
        while after.last == 0x30 { after.removeLast() }
        let digits = before.drop { $0 == 0x30 }
        guard digits.count + after.count <= Self.maxDigits else { return nil }
        for digit in digits { whole = whole * 10 + Int(digit - 0x30) }
        (fraction, self.isExclusive) = (after, isExclusive)
        if isZero { isNegative = false }
    }
}
