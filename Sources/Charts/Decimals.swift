extension Double {
    /// With `digits` after the point; what is no number or too large is written as it is.
    package func decimals(_ digits: Int) -> String {
        guard isFinite, abs(self) < 1e12 else { return "\(self)" }
        var power = 1
        for _ in 0..<digits { power *= 10 }
        let units = Int((abs(self) * Double(power)).rounded())
        let whole = (self < 0 && units > 0 ? "-" : "") + "\(units / power)"
        guard digits > 0 else { return whole }
        return whole + "." + String("\(power + units % power)".dropFirst())
    }

    /// With three digits that count: 1234, 123, 12.3, 1.23, 0.123.
    package var threeDigits: String {
        let size = abs(self)
        return decimals(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }
}
