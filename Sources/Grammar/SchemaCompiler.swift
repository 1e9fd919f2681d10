internal import JSON

/// Turns a JSON schema into a machine, one subschema at a time; nothing recurses with what the schema holds.
struct SchemaCompiler {
    var builder = MachineBuilder()
    private let root: JSONValue
    /// Where the definitions that were referred to begin.
    private var definitions: [String: Int32] = [:]
    private var jobs: [Job] = []
    private var jobCount = 0
    /// Where any JSON value begins, once it was asked for.
    var anyStart: Int32?

    /// A subschema, and the state that texts of it begin from.
    private struct Job {
        let schema: JSONValue
        let start: Int32
        let path: String
        let depth: Int
    }

    /// Most subschemas, counted once for each place that has one.
    static let maxSchemas = 5_000

    /// Throws: `GrammarError` naming the place in the schema.
    static func machine(for schema: JSONValue) throws(GrammarError) -> Machine {
        var compiler = SchemaCompiler(root: schema)
        let start = try compiler.reference("#", path: "")
        while let job = compiler.jobs.popLast() { try compiler.compile(job) }
        let machine = compiler.builder.finish(start: start)
        let height = machine[start].height
        guard height < Machine.unreachable else { throw .unsatisfiable(path: "") }
        guard height < Machine.maxDepth else {
            throw .tooLarge(path: "", what: "levels within each other in every value", limit: Machine.maxDepth)
        }
        return machine
    }

    private init(root: JSONValue) { self.root = root }

    // MARK: Places

    /// The state where texts of a subschema begin. It is compiled later.
    mutating func start(of schema: JSONValue, path: String, depth: Int) throws(GrammarError) -> Int32 {
        guard depth <= Machine.maxDepth else {
            throw .tooLarge(path: path, what: "levels of schemas within each other", limit: Machine.maxDepth)
        }
        jobCount += 1
        guard jobCount <= Self.maxSchemas else {
            throw .tooLarge(path: path, what: "subschemas before it", limit: Self.maxSchemas)
        }
        builder.path = path
        let start = try builder.state()
        jobs.append(Job(schema: schema, start: start, path: path, depth: depth))
        return start
    }

    /// The state where texts of what a `$ref` names begin; the same for all that name it.
    private mutating func reference(_ name: String, path: String) throws(GrammarError) -> Int32 {
        if let start = definitions[name] { return start }
        var schema = root
        var place = ""
        if name != "#" {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "#", parts[1] == "$defs" || parts[1] == "definitions" else {
                throw .unsupported(path: path, remedy: "Refer to `#`, `#/$defs/NAME` or `#/definitions/NAME`.")
            }
            guard let member = Self.unescaped(parts[2]), let found = root[String(parts[1])]?[member] else {
                throw .invalid(path: path, problem: "refers to \(name.shown), which is not there.")
            }
            schema = found
            place = Self.join(Self.join("", String(parts[1])), member)
        }
        let start = try start(of: schema, path: place, depth: 1)
        definitions[name] = start
        return start
    }

    /// A part of a JSON pointer in a URI fragment as the name it stands for.
    ///
    /// Source: RFC 6901, sections 4 and 6.
    private static func unescaped(_ part: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = part.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
            else {
                return nil
            }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        var name = ""
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var characters = text.unicodeScalars[...]
        while let scalar = characters.popFirst() {
            if scalar == "~", let digit = characters.popFirst() {
                guard digit == "0" || digit == "1" else { return nil }
                name.unicodeScalars.append(digit == "0" ? "~" : "/")
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        return name
    }

    /// The JSON pointer to a member, whose name is cut short and has no control characters.
    ///
    /// Source: RFC 6901, section 3.
    static func join(_ path: String, _ name: String) -> String {
        var path = path + "/"
        for character in name.shown.dropFirst().dropLast() {
            switch character {
            case "~": path += "~0"
            case "/": path += "~1"
            default: path.append(character)
            }
        }
        return path
    }

    // MARK: One subschema

    private mutating func compile(_ job: Job) throws(GrammarError) {
        builder.path = job.path
        switch job.schema {
        case .bool(true): builder.skip(from: job.start, to: try anyValue())
        case .bool(false): break
        case .object(let members):
            let schema = try Subschema(members, path: job.path, depth: job.depth)
            if let choices = try schema.choices() {
                try compile(choices, schema, start: job.start)
            } else {
                try compileTypes(schema, start: job.start)
            }
        default:
            throw .invalid(path: job.path, problem: "is \(job.schema.kind), where an object or a boolean is expected.")
        }
    }

    private mutating func compile(
        _ choices: Subschema.Choices, _ schema: Subschema, start: Int32
    ) throws(GrammarError) {
        switch choices {
        case .reference(let name):
            builder.skip(from: start, to: try reference(name, path: schema.place("$ref")))
        case .schemas(let keyword, let schemas):
            for (index, choice) in schemas.enumerated() {
                let path = Self.join(schema.place(keyword), "\(index)")
                builder.skip(from: start, to: try self.start(of: choice, path: path, depth: schema.depth + 1))
            }
        case .values(let values):
            try builder.literals(values.map(\.serialized), from: start, to: try builder.state(isEnd: true))
        }
    }

    private mutating func compileTypes(_ schema: Subschema, start: Int32) throws(GrammarError) {
        guard let types = try schema.types() else {
            return builder.skip(from: start, to: try anyValue())
        }
        for type in types {
            switch type {
            case .null, .boolean:
                let words = type == .null ? ["null"] : ["true", "false"]
                try builder.literals(words.map { Array($0.utf8) }, from: start, to: try builder.state(isEnd: true))
            case .integer: builder.skip(from: start, to: try builder.integer(try schema.integers()))
            case .number:
                builder.skip(from: start, to: try number(schema))
            case .string: builder.skip(from: start, to: try string(schema))
            case .array: try array(schema, start: start)
            case .object: try object(schema, start: start)
            }
        }
    }

    private mutating func number(_ schema: Subschema) throws(GrammarError) -> Int32 {
        let (low, high) = try schema.decimals()
        guard low != nil || high != nil else { return try builder.number() }
        if let start = try builder.number(from: low, to: high) { return start }
        throw .unsatisfiable(path: schema.place(schema.tightest))
    }

    private mutating func string(_ schema: Subschema) throws(GrammarError) -> Int32 {
        let least = try schema.count("minLength", most: MachineBuilder.maxLength)
        let most = try schema.count("maxLength", most: MachineBuilder.maxLength)
        if let most, most < least ?? 0 { throw .unsatisfiable(path: schema.place("maxLength")) }
        guard let format = schema["format"] else { return try builder.string(least: least ?? 0, most: most) }
        guard let name = format.string, MachineBuilder.formats.contains(name) else {
            let names = MachineBuilder.formats.map { "`\($0)`" }.joined(separator: ", ")
            throw .unsupported(
                path: schema.place("format"),
                remedy: "Leave it out and check the text afterwards; the formats here are \(names).")
        }
        guard least == nil, most == nil else {
            throw .unsupported(
                path: schema.place("format"), remedy: "Leave out `minLength` and `maxLength`, or it.")
        }
        return try builder.format(name)
    }
}
