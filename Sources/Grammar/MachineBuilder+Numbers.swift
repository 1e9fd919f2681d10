extension MachineBuilder {
    /// Digits of the longest whole number: those that always fit 64 bits.
    static let maxDigits = 18
    static let maxInteger = 999_999_999_999_999_999

    /// The part for any number. Its digits are bounded, so that it ends and every reader can hold it.
    mutating func number() throws(GrammarError) -> Int32 {
        try part("number") { (builder, start) throws(GrammarError) in
            let unsigned = try builder.state()
            builder.take("-", from: start, to: unsigned)
            builder.skip(from: start, to: unsigned)
            let whole = try builder.state(isEnd: true)
            builder.take("0", from: unsigned, to: whole)
            let first = try builder.state()
            builder.take(0x31...0x39, from: unsigned, to: first)
            try builder.digits(0...Self.maxDigits - 1, from: first, to: whole)
            let point = try builder.state()
            let fraction = try builder.state(isEnd: true)
            builder.take(".", from: whole, to: point)
            try builder.digits(1...Self.maxDigits, from: point, to: fraction)
            builder.skip(from: whole, to: fraction)
            let exponent = try builder.state()
            try builder.pattern("[eE]", from: fraction, to: exponent)
            let size = try builder.state()
            try builder.pattern("[+-]", from: exponent, to: size)
            builder.skip(from: exponent, to: size)
            try builder.digits(1...2, from: size, to: try builder.state(isEnd: true))
        }
    }

    mutating func digits(_ count: ClosedRange<Int>, from: Int32, to target: Int32) throws(GrammarError) {
        var last = from
        for done in 0...count.upperBound {
            if done >= count.lowerBound { skip(from: last, to: target) }
            guard done < count.upperBound else { break }
            let next = try state()
            take(0x30...0x39, from: last, to: next)
            last = next
        }
    }

    /// The part for the whole numbers of a range within ±`maxInteger`.
    mutating func integer(_ range: ClosedRange<Int>) throws(GrammarError) -> Int32 {
        try part("integer \(range.lowerBound) \(range.upperBound)") { (builder, start) throws(GrammarError) in
            // free[k] takes any k digits
            var free = [try builder.state(isEnd: true)]
            for k in 1...Self.maxDigits {
                free.append(try builder.state())
                builder.take(0x30...0x39, from: free[k], to: free[k - 1])
            }
            if range.upperBound >= 0 {
                try builder.magnitude(max(0, range.lowerBound)...range.upperBound, from: start, free)
            }
            if range.lowerBound < 0 {
                let minus = try builder.state()
                builder.take("-", from: start, to: minus)
                try builder.magnitude(max(1, -range.upperBound)...(-range.lowerBound), from: minus, free)
            }
        }
    }

    mutating func magnitude(
        _ range: ClosedRange<Int>, from: Int32, _ free: [Int32]
    ) throws(GrammarError) {
        let (low, high) = (Array("\(range.lowerBound)".utf8), Array("\(range.upperBound)".utf8))
        for count in low.count...high.count {
            let smallest = [0x31] + [UInt8](repeating: 0x30, count: count - 1)
            try magnitude(
                low: count == low.count ? low : smallest,
                high: count == high.count ? high : [UInt8](repeating: 0x39, count: count), from: from, free)
        }
    }

    /// Numbers of as many digits as both bounds have: along both as far as they agree, then along each.
    private mutating func magnitude(
        low: [UInt8], high: [UInt8], from: Int32, _ free: [Int32]
    ) throws(GrammarError) {
        let count = low.count
        var both: Int32? = from
        var (alongLow, alongHigh): (Int32?, Int32?) = (nil, nil)
        for i in 0..<count {
            let isLast = i == count - 1
            let rest = free[count - 1 - i]
            func next(_ builder: inout MachineBuilder) throws(GrammarError) -> Int32 {
                isLast ? free[0] : try builder.state()
            }
            if let state = alongLow {
                let same = try next(&self)
                take(low[i]...low[i], from: state, to: same)
                if low[i] < 0x39 { take(low[i] + 1...0x39, from: state, to: rest) }
                alongLow = same
            }
            if let state = alongHigh {
                let same = try next(&self)
                take(high[i]...high[i], from: state, to: same)
                if high[i] > 0x30 { take(0x30...high[i] - 1, from: state, to: rest) }
                alongHigh = same
            }
            guard let state = both else { continue }
            let same = try next(&self)
            take(low[i]...low[i], from: state, to: same)
            if low[i] == high[i] {
                both = same
                continue
            }
            both = nil
            alongLow = same
            let other = try next(&self)
            take(high[i]...high[i], from: state, to: other)
            alongHigh = other
            if high[i] - low[i] > 1 { take(low[i] + 1...high[i] - 1, from: state, to: rest) }
        }
    }
}
