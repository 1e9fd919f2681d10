/// Numbers for people.
extension Double {
    /// With `digits` after the point: 3.14.
    func fixed(_ digits: Int) -> String {
        guard isFinite, abs(self) < 1e15 else { return "\(self)" }
        let scale = (0..<digits).reduce(1) { value, _ in value * 10 }
        let scaled = Int((abs(self) * Double(scale)).rounded())
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

/// 1536 is "1.5 KiB".
func formatBytes(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(value.fixed(value < 10 ? 2 : 1)) \(units[unit])"
}

/// 0.0123 is "12 ms", 75 is "1 min 15 s".
func formatSeconds(_ seconds: Double) -> String {
    if seconds < 1 { return "\((seconds * 1000).fixed(seconds < 0.01 ? 1 : 0)) ms" }
    if seconds < 60 { return "\(seconds.fixed(1)) s" }
    let whole = Int(min(seconds.rounded(), 1e9))
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// 2506172416 is "2.51 B" in the counting of parameters.
func formatCount(_ count: Int) -> String {
    switch count {
    case 1_000_000_000...: "\((Double(count) / 1e9).fixed(2)) B"
    case 1_000_000...: "\((Double(count) / 1e6).fixed(2)) M"
    case 1_000...: "\((Double(count) / 1e3).fixed(1)) K"
    default: "\(count)"
    }
}
