internal import JSON

extension SchemaCompiler {
    /// Most properties that may all be left out, one after the other: they are followed at the same time.
    static let maxOptional = 1000

    /// An object with its listed properties in their order, or, where none is listed, with any.
    mutating func object(_ schema: Subschema, start: Int32) throws(GrammarError) {
        let others = schema["additionalProperties"] ?? true
        let rest = schema.place("additionalProperties")
        switch others {
        case .bool, .object: break
        default: throw schema.wrongType("additionalProperties", others, expected: "an object or a boolean")
        }
        let properties = schema["properties"] ?? [:]
        guard case .object(var listed) = properties else {
            throw schema.wrongType("properties", properties, expected: "an object")
        }
        var paths = Dictionary(
            uniqueKeysWithValues: listed.names.map { ($0, Self.join(schema.place("properties"), $0)) })
        var required: Set<String> = []
        for value in try schema.array("required") ?? [] {
            guard let name = value.string else { throw schema.wrongType("required", value, expected: "a string") }
            required.insert(name)
            guard listed[name] == nil else { continue }
            guard others != false else { throw .unsatisfiable(path: schema.place("required")) }
            listed[name] = others
            paths[name] = rest
        }
        builder.path = schema.path
        guard !listed.names.isEmpty || others == false else {
            let value =
                others == true ? try anyValue() : try self.start(of: others, path: rest, depth: schema.depth + 1)
            return try map(of: value, start: start)
        }

        let (open, close) = (try builder.state(), try builder.state())
        builder.take("{", from: start, to: open)
        builder.take("}", from: close, to: try builder.state(isEnd: true))
        // the names that can come next stand behind the comma, so that there is one comma for all of them
        let isOptional = listed.names.map { !required.contains($0) }
        let runs = isOptional.split(separator: false)
        guard runs.allSatisfy({ $0.count <= Self.maxOptional }) else {
            throw .tooLarge(
                path: schema.place("properties"), what: "optional properties in a row", limit: Self.maxOptional)
        }
        var next = try builder.state()
        try builder.space(from: open, to: next)
        if isOptional.allSatisfy({ $0 }) { try builder.space(from: open, to: close) }
        let lastRequired = isOptional.lastIndex(of: false) ?? -1
        for (index, name) in listed.names.enumerated() {
            let value = try self.start(
                of: listed[name] ?? true, path: paths[name] ?? schema.path, depth: schema.depth + 1)
            builder.path = schema.path
            let after = try builder.state()
            let colon = try builder.literal(JSONValue.string(name).serialized, from: next)
            try member(from: colon, value: value, to: after)
            if index >= lastRequired { try builder.space(from: after, to: close) }
            guard index < listed.names.count - 1 else { break }
            let (comma, following) = (try builder.state(), try builder.state())
            builder.take(",", from: after, to: comma)
            try builder.space(from: comma, to: following)
            if isOptional[index] { builder.skip(from: next, to: following) }
            next = following
        }
    }

    /// A colon and a value.
    private mutating func member(from: Int32, value: Int32, to target: Int32) throws(GrammarError) {
        let (space, begin) = (try builder.state(), try builder.state())
        builder.take(":", from: from, to: space)
        builder.take(" ", from: space, to: begin)
        builder.skip(from: space, to: begin)
        builder.call(value, from: begin, resume: target, isNested: true)
    }

    /// An object with any names, whose values begin at `value`.
    private mutating func map(of value: Int32, start: Int32) throws(GrammarError) {
        let name = try builder.string(least: 0, most: nil)
        let (open, key, colon) = (try builder.state(), try builder.state(), try builder.state())
        let (after, close) = (try builder.state(), try builder.state())
        builder.take("{", from: start, to: open)
        try builder.space(from: open, to: key)
        try builder.space(from: open, to: close)
        builder.call(name, from: key, resume: colon)
        try member(from: colon, value: value, to: after)
        let comma = try builder.state()
        builder.take(",", from: after, to: comma)
        try builder.space(from: comma, to: key)
        try builder.space(from: after, to: close)
        builder.take("}", from: close, to: try builder.state(isEnd: true))
    }

    /// The part for any JSON value.
    mutating func anyValue() throws(GrammarError) -> Int32 {
        if let start = anyStart { return start }
        let start = try builder.state()
        anyStart = start
        builder.skip(from: start, to: try builder.string(least: 0, most: nil))
        builder.skip(from: start, to: try builder.number())
        let words = ["true", "false", "null"].map { Array($0.utf8) }
        try builder.literals(words, from: start, to: try builder.state(isEnd: true))
        try map(of: start, start: start)
        try list(of: [], then: start, count: 0...0, isOpen: true, start: start)
        return start
    }
}
