internal import JSON

extension SchemaCompiler {
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
            uniqueKeysWithValues: listed.names.map { ($0, Self.join(schema.place("properties"), Self.plain($0))) })
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
        // where the next property is the first of the object, and where one came before
        var (first, later) = (try builder.state(), try builder.state())
        try builder.space(from: open, to: first)
        for name in listed.names {
            let value = try self.start(
                of: listed[name] ?? true, path: paths[name] ?? schema.path, depth: schema.depth + 1)
            builder.path = schema.path
            let (key, comma) = (try builder.state(), try builder.state())
            let (nextFirst, nextLater) = (try builder.state(), try builder.state())
            builder.skip(from: first, to: key)
            builder.take(",", from: later, to: comma)
            try builder.space(from: comma, to: key)
            let colon = try builder.literal(JSONValue.string(name).serialized, from: key)
            try member(from: colon, value: value, to: nextLater)
            if !required.contains(name) {
                builder.skip(from: first, to: nextFirst)
                builder.skip(from: later, to: nextLater)
            }
            (first, later) = (nextFirst, nextLater)
        }
        builder.skip(from: first, to: close)
        try builder.space(from: later, to: close)
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
        let end = try builder.state(isEnd: true)
        for word in ["true", "false", "null"] {
            builder.skip(from: try builder.literal(word.utf8, from: start), to: end)
        }
        try map(of: start, start: start)
        try list(of: [], then: start, count: 0...0, isOpen: true, start: start)
        return start
    }
}
