/// Puts a machine together, state by state, up to a limit.
struct MachineBuilder {
    private(set) var machine = Machine()
    /// The place in the schema that states are made for, for errors.
    var path = ""
    /// Parts that all schemas share, by what they take.
    private var parts: [String: Int32] = [:]

    static let maxStates = 100_000
    /// Most spaces at the beginning of a line.
    static let maxIndent = 24

    mutating func state(isEnd: Bool = false) throws(GrammarError) -> Int32 {
        guard machine.states.count < Self.maxStates else {
            throw .tooLarge(path: path, what: "names, texts and counts than fit: states", limit: Self.maxStates)
        }
        machine.states.append(Machine.State(isEnd: isEnd))
        return Int32(machine.states.count - 1)
    }

    /// The start of the part with this name, which `build` makes the first time.
    mutating func part(
        _ name: String, _ build: (inout MachineBuilder, _ start: Int32) throws(GrammarError) -> Void
    ) throws(GrammarError) -> Int32 {
        if let start = parts[name] { return start }
        let start = try state()
        parts[name] = start
        try build(&self, start)
        return start
    }

    mutating func take(
        _ range: ClosedRange<UInt8>, from: Int32, to target: Int32, resume: Int32 = Machine.none
    ) {
        machine[from].bytes.append(Machine.ByteEdge(range: range, target: target, resume: resume))
    }

    mutating func take(_ byte: Unicode.Scalar, from: Int32, to target: Int32) {
        take(UInt8(ascii: byte)...UInt8(ascii: byte), from: from, to: target)
    }

    mutating func skip(from: Int32, to target: Int32) {
        machine[from].silent.append(Machine.SilentEdge(target: target, resume: Machine.none, isNested: false))
    }

    mutating func call(_ start: Int32, from: Int32, resume: Int32, isNested: Bool = false) {
        machine[from].silent.append(Machine.SilentEdge(target: start, resume: resume, isNested: isNested))
    }

    mutating func end(at state: Int32) { machine[state].isEnd = true }

    mutating func free(_ characters: Int, at state: Int32) { machine[state].freeCharacters = characters }

    /// A way for exactly these bytes.
    mutating func literal(_ text: some Sequence<UInt8>, from: Int32) throws(GrammarError) -> Int32 {
        var last = from
        for byte in text {
            let next = try state()
            take(byte...byte, from: last, to: next)
            last = next
        }
        return last
    }

    /// Ways for exactly these texts. Those that begin alike share the way so far.
    mutating func literals(_ texts: [[UInt8]], from: Int32, to target: Int32) throws(GrammarError) {
        var states = [from]
        var last: [UInt8] = []
        for text in texts.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let common = zip(text, last).prefix { $0 == $1 }.count
            states.removeSubrange((common + 1)...)
            var state = states[common]
            for byte in text.dropFirst(common) {
                let next = try self.state()
                take(byte...byte, from: state, to: next)
                states.append(next)
                state = next
            }
            skip(from: state, to: target)
            last = text
        }
    }

    /// A way for a fixed number of bytes, written as literals and classes such as `[0-9a-f]`.
    mutating func pattern(_ pattern: String, from: Int32, to target: Int32) throws(GrammarError) {
        var last = from
        var rest = Array(pattern.utf8)[...]
        while let first = rest.popFirst() {
            var ranges = [first...first]
            if first == UInt8(ascii: "[") {
                ranges = []
                while let low = rest.popFirst(), low != UInt8(ascii: "]") {
                    if rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first, high != UInt8(ascii: "]") {
                        rest = rest.dropFirst(2)
                        ranges.append(low...max(low, high))
                    } else {
                        ranges.append(low...low)
                    }
                }
            }
            let next = rest.isEmpty ? target : try state()
            for range in ranges { take(range, from: last, to: next) }
            last = next
        }
    }

    /// White space between tokens: none, one space, or a new line with its indentation.
    ///
    /// It is bounded, for a model may otherwise write nothing else.
    mutating func space(from: Int32, to target: Int32) throws(GrammarError) {
        let start = try part("space") { (builder, start) throws(GrammarError) in
            builder.end(at: start)
            builder.take(" ", from: start, to: try builder.state(isEnd: true))
            var line = try builder.state(isEnd: true)
            builder.take("\n", from: start, to: line)
            for _ in 0..<Self.maxIndent {
                let next = try builder.state(isEnd: true)
                builder.take(" ", from: line, to: next)
                line = next
            }
        }
        call(start, from: from, resume: target)
    }

    mutating func finish(start: Int32) -> Machine {
        machine.start = start
        machine.settleHeights()
        return machine
    }
}
