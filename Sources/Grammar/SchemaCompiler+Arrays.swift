internal import JSON

extension SchemaCompiler {
    /// Most elements that a bound of an array's length may name.
    static let maxItems = 10_000

    mutating func array(_ schema: Subschema, start: Int32) throws(GrammarError) {
        let isUnique = schema["uniqueItems"] ?? false
        guard isUnique == false else {
            throw .unsupported(
                path: schema.place("uniqueItems"), remedy: "Leave it out and check the answer afterwards.")
        }
        let least = try schema.count("minItems", most: Self.maxItems) ?? 0
        var most = try schema.count("maxItems", most: Self.maxItems)
        if let most, most < least { throw .unsatisfiable(path: schema.place("maxItems")) }
        let items = schema["items"]
        if case .array = items {
            throw .unsupported(path: schema.place("items"), remedy: "As an array it is not; say `prefixItems`.")
        }
        var prefix: [Int32] = []
        for (index, element) in (try schema.array("prefixItems") ?? []).enumerated() {
            guard index < most ?? .max else { break }
            let path = Self.join(schema.place("prefixItems"), "\(index)")
            prefix.append(try self.start(of: element, path: path, depth: schema.depth + 1))
        }
        // what is not described is not generated, unless the array would be too short
        if items == false || (items == nil && !prefix.isEmpty && least <= prefix.count) {
            most = min(most ?? prefix.count, prefix.count)
        }
        guard least <= most ?? .max else { throw .unsatisfiable(path: schema.place("minItems")) }
        let rest: Int32?
        if let most, most <= prefix.count {
            rest = nil
        } else if let items {
            rest = try self.start(of: items, path: schema.place("items"), depth: schema.depth + 1)
        } else {
            rest = try anyValue()
        }
        builder.path = schema.path
        try list(
            of: prefix, then: rest, count: least...max(least, most ?? prefix.count), isOpen: most == nil, start: start)
    }

    /// An array of `first` and then of values that begin at `rest`.
    ///
    /// - Parameter isOpen: whether there may be more than `count` says.
    mutating func list(
        of first: [Int32], then rest: Int32?, count: ClosedRange<Int>, isOpen: Bool, start: Int32
    ) throws(GrammarError) {
        let (open, close) = (try builder.state(), try builder.state())
        builder.take("[", from: start, to: open)
        builder.take("]", from: close, to: try builder.state(isEnd: true))
        if count.lowerBound == 0 { try builder.space(from: open, to: close) }
        var begin = try builder.state()
        try builder.space(from: open, to: begin)
        var done = 0
        while isOpen || done < count.upperBound {
            guard let value = done < first.count ? first[done] : rest else { break }
            let (after, comma) = (try builder.state(), try builder.state())
            builder.call(value, from: begin, resume: after, isNested: true)
            done += 1
            if done >= count.lowerBound { try builder.space(from: after, to: close) }
            builder.take(",", from: after, to: comma)
            if isOpen, done >= count.upperBound, done >= first.count, done > 0 {
                // from here on all are alike
                let next = try builder.state()
                try builder.space(from: comma, to: next)
                if let rest { builder.call(rest, from: next, resume: after, isNested: true) }
                break
            }
            begin = try builder.state()
            try builder.space(from: comma, to: begin)
        }
    }
}
