/// The values that a flag lists, as llama-bench reads them: `512`, `1,2,4`, `1-8`, `1-8+2`, `1-64*2`, and repeated flags.
package enum ValueList {
    /// More values than this come from a slip of the keyboard, and would run for days.
    private static let maximumCount = 10_000

    /// Whole numbers from the texts given to one flag, in the order given.
    ///
    /// Throws: `BenchError` naming the flag and what is allowed.
    package static func integers(
        _ texts: [String], flag: String, allowed: ClosedRange<Int>
    ) throws(BenchError) -> [Int] {
        var values: [Int] = []
        for text in texts {
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let range = range(part), values.count + range.count <= maximumCount else {
                    throw .list(flag: flag, value: text, allowed: "numbers")
                }
                values += range
            }
        }
        for value in values where !allowed.contains(value) {
            throw .outOfRange(
                flag: flag, value: "\(value)", allowed: "\(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return values
    }

    /// Pairs such as `512,128`, one from each text.
    package static func pairs(
        _ texts: [String], flag: String, allowed: ClosedRange<Int>
    ) throws(BenchError) -> [(Int, Int)] {
        var pairs: [(Int, Int)] = []
        for text in texts {
            let values = text.split(separator: ",", omittingEmptySubsequences: false).map { integer($0) }
            guard values.count == 2, let first = values[0], let second = values[1] else {
                throw .outOfRange(flag: flag, value: text, allowed: "a pair PROMPT,GENERATED such as 512,128")
            }
            for value in [first, second] where !allowed.contains(value) {
                throw .outOfRange(
                    flag: flag, value: text, allowed: "\(allowed.lowerBound) to \(allowed.upperBound) each")
            }
            pairs.append((first, second))
        }
        return pairs
    }

    /// Names out of a fixed set.
    package static func names<Name: RawRepresentable & CaseIterable>(
        _ texts: [String], flag: String, of type: Name.Type
    ) throws(BenchError) -> [Name] where Name.RawValue == String {
        var names: [Name] = []
        for text in texts {
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let wanted = part.lowercased()
                guard let name = Name.allCases.first(where: { $0.rawValue.lowercased() == wanted }) else {
                    let allowed = Name.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .outOfRange(flag: flag, value: String(part), allowed: "a list of \(allowed)")
                }
                names.append(name)
            }
        }
        return names
    }

    /// `first[-last[(+|*)step]]`; nil when it is none, or would never end.
    private static func range(_ text: Substring) -> [Int]? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap({ integer($0) }) else { return nil }
        guard ends.count == 2 else { return [first] }
        let separator = ends[1].firstIndex { $0 == "+" || $0 == "*" } ?? ends[1].endIndex
        guard let last = integer(ends[1][..<separator]) else { return nil }
        let multiplies = separator < ends[1].endIndex && ends[1][separator] == "*"
        guard let step = separator == ends[1].endIndex ? 1 : integer(ends[1][separator...].dropFirst()) else {
            return nil
        }
        var values: [Int] = []
        var value = first
        while value <= last {
            guard values.count < maximumCount else { return nil }
            values.append(value)
            let (next, overflow) =
                multiplies ? value.multipliedReportingOverflow(by: step) : value.addingReportingOverflow(step)
            guard !overflow, next > value else { return nil }
            value = next
        }
        return values.isEmpty ? nil : values
    }

    /// Digits only: no sign, no spaces.
    private static func integer(_ text: Substring) -> Int? {
        text.allSatisfy { ("0"..."9").contains($0) } ? Int(text) : nil
    }
}
