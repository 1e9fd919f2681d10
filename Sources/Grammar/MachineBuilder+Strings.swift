extension MachineBuilder {
    /// Most characters that a bound of a string's length may name.
    static let maxLength = 10_000

    /// The part for a string of so many characters, quotes included. An escape counts as the character it stands for.
    ///
    /// - Parameter most: nil for any number.
    mutating func string(least: Int, most: Int?) throws(GrammarError) -> Int32 {
        let rest = try characterRest()
        return try part("string \(least) \(most ?? -1)") { (builder, start) throws(GrammarError) in
            var last = try builder.state()
            let end = try builder.state(isEnd: true)
            builder.take("\"", from: start, to: last)
            for index in 0..<(most ?? least) {
                let next = try builder.state()
                builder.character(from: last, to: next, rest)
                builder.free(most.map { $0 - index } ?? .max, at: last)
                if index >= least { builder.take("\"", from: last, to: end) }
                last = next
            }
            if most == nil {
                builder.character(from: last, to: last, rest)
                builder.free(.max, at: last)
            }
            builder.take("\"", from: last, to: end)
        }
    }

    /// Where a character goes on after its first byte; all of these return after its last.
    struct CharacterRest {
        let one, two, three, afterE0, afterED, afterF0, afterF4, escape: Int32
    }

    /// Source: Unicode, table 3-7, well-formed UTF-8 sequences; RFC 8259, section 7.
    private mutating func characterRest() throws(GrammarError) -> CharacterRest {
        let end = try part("character end") { (builder, state) throws(GrammarError) in builder.end(at: state) }
        func following(
            _ builder: inout MachineBuilder, _ name: String, _ range: ClosedRange<UInt8>, _ next: Int32
        ) throws(GrammarError) -> Int32 {
            try builder.part(name) { (builder, state) throws(GrammarError) in builder.take(range, from: state, to: next)
            }
        }
        let one = try following(&self, "character 1", 0x80...0xBF, end)
        let two = try following(&self, "character 2", 0x80...0xBF, one)
        return CharacterRest(
            one: one, two: two, three: try following(&self, "character 3", 0x80...0xBF, two),
            afterE0: try following(&self, "character E0", 0xA0...0xBF, one),
            afterED: try following(&self, "character ED", 0x80...0x9F, one),
            afterF0: try following(&self, "character F0", 0x90...0xBF, two),
            afterF4: try following(&self, "character F4", 0x80...0x8F, two),
            escape: try escape(end))
    }

    /// What follows a backslash; surrogates come in pairs only.
    private mutating func escape(_ end: Int32) throws(GrammarError) -> Int32 {
        try part("escape") { (builder, start) throws(GrammarError) in
            let hex = "[0-9A-Fa-f]"
            try builder.pattern("[\"\\/bfnrt]", from: start, to: end)
            try builder.pattern("u[0-9A-Ca-cE-Fe-f]" + hex + hex + hex, from: start, to: end)
            try builder.pattern("u[dD][0-7]" + hex + hex, from: start, to: end)
            try builder.pattern(
                "u[dD][89abAB]" + hex + hex + "\\u[dD][c-fC-F]" + hex + hex, from: start, to: end)
        }
    }

    private mutating func character(from: Int32, to target: Int32, _ rest: CharacterRest) {
        take(0x20...0x21, from: from, to: target)
        take(0x23...0x5B, from: from, to: target)
        take(0x5D...0x7F, from: from, to: target)
        take(0x5C...0x5C, from: from, to: rest.escape, resume: target)
        take(0xC2...0xDF, from: from, to: rest.one, resume: target)
        take(0xE0...0xE0, from: from, to: rest.afterE0, resume: target)
        take(0xE1...0xEC, from: from, to: rest.two, resume: target)
        take(0xED...0xED, from: from, to: rest.afterED, resume: target)
        take(0xEE...0xEF, from: from, to: rest.two, resume: target)
        take(0xF0...0xF0, from: from, to: rest.afterF0, resume: target)
        take(0xF1...0xF3, from: from, to: rest.three, resume: target)
        take(0xF4...0xF4, from: from, to: rest.afterF4, resume: target)
    }
}
