extension MachineBuilder {
    /// The part for numbers between two bounds, written without exponent; nil where there are none.
    mutating func number(from low: DecimalBound?, to high: DecimalBound?) throws(GrammarError) -> Int32? {
        let digits = max(low?.wholeDigits ?? 1, high?.wholeDigits ?? 1)
        let (low, high) = (low ?? DecimalBound.largest.negated, high ?? .largest)
        guard low.isBelow(high) || low == high && !low.isExclusive else { return nil }
        return try part("number \(low) \(high)") { (builder, start) throws(GrammarError) in
            let end = try builder.state(isEnd: true)
            let most = DecimalBound.maxDigits - digits
            if !high.isNegative {
                let least = low.isNegative ? DecimalBound() : low
                try builder.decimals(from: least, to: high, fraction: most, state: start, end: end)
            }
            if low.isNegative {
                let minus = try builder.state()
                builder.take("-", from: start, to: minus)
                let least = high.isNegative ? high.magnitude : DecimalBound(isExclusive: true)
                try builder.decimals(from: least, to: low.magnitude, fraction: most, state: minus, end: end)
            }
        }
    }

    /// Numbers without a sign: those that have the whole part of a bound are compared by their fractions too.
    private mutating func decimals(
        from low: DecimalBound, to high: DecimalBound, fraction most: Int, state: Int32, end: Int32
    ) throws(GrammarError) {
        let atLow = try literal("\(low.whole)".utf8, from: state)
        guard low.whole < high.whole else {
            return try fraction(from: low, to: high, most, state: atLow, end: end)
        }
        try fraction(from: low, to: nil, most, state: atLow, end: end)
        let atHigh = try literal("\(high.whole)".utf8, from: state)
        try fraction(from: nil, to: high, most, state: atHigh, end: end)
        guard low.whole + 1 < high.whole else { return }
        var free = [try self.state()]
        try fraction(from: nil, to: nil, most, state: free[0], end: end)
        for count in 1...DecimalBound.maxDigits {
            free.append(try self.state())
            take(0x30...0x39, from: free[count], to: free[count - 1])
        }
        try magnitude(low.whole + 1...high.whole - 1, from: state, free)
    }

    /// What follows the whole part: nothing, or a point and up to `most` digits that are within the bounds' fractions.
    ///
    /// Goes digit by digit, in up to four states: those whose digits so far are the lower bound's (1), the upper
    /// bound's (2), both's (3) or neither's (0).
    private mutating func fraction(
        from low: DecimalBound?, to high: DecimalBound?, _ most: Int, state: Int32, end: Int32
    ) throws(GrammarError) {
        func holdsLow(_ count: Int) -> Bool { low.map { $0.isExclusive || count < $0.fraction.count } ?? false }
        var states: [Int32?] = [nil, nil, nil, nil]
        states[(holdsLow(0) ? 1 : 0) + (high == nil ? 0 : 2)] = state
        for index in 0...most {
            var next: [Int32?] = [nil, nil, nil, nil]
            for (kind, state) in states.enumerated() {
                guard let state else { continue }
                let (low, high) = (kind & 1 == 0 ? nil : low, kind & 2 == 0 ? nil : high)
                let isAtHigh = high.map { index >= $0.fraction.count } ?? false
                if low == nil, !(isAtHigh && high?.isExclusive == true) { skip(from: state, to: end) }
                guard index < most, !isAtHigh else { continue }
                var from = state
                if index == 0 {
                    from = try self.state()
                    take(".", from: state, to: from)
                }
                let least = low.flatMap { index < $0.fraction.count ? $0.fraction[index] : nil } ?? 0x30
                let greatest = high?.fraction[index] ?? 0x39
                for digit in stride(from: least, through: greatest, by: 1) {
                    let isLow = low != nil && digit == least && holdsLow(index + 1)
                    let kind = (isLow ? 1 : 0) + (high != nil && digit == greatest ? 2 : 0)
                    let known = next[kind]
                    let target = if let known { known } else { try self.state() }
                    next[kind] = target
                    take(digit...digit, from: from, to: target)
                }
            }
            states = next
        }
    }
}
