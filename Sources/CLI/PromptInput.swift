import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the text comes from: -p, -f, or stdin where that is no terminal.
struct PromptInput: ParsableArguments {
    @Option(name: [.short, .long], parsing: .unconditional, help: "The prompt.")
    var prompt: String?
    @Option(
        name: [.short, .long], help: ArgumentHelp("Read the prompt from this file; - is stdin.", valueName: "file"))
    var file: String?
    @Flag(name: [.customShort("e"), .long], help: #"Take \n, \t, \", \\ and \x41 in -p for the characters they name."#)
    var escape = false

    func validate() throws {
        if prompt != nil, file != nil { throw ValidationError("Give either -p or -f, not both.") }
    }

    /// The prompt's bytes; nil where there is none and a person sits at the terminal.
    func read() throws -> [UInt8]? {
        if let prompt { return escape ? Self.unescape(Array(prompt.utf8)) : Array(prompt.utf8) }
        if let file, file != "-" {
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw UnreadableFile(path: file, code: errno) }
            defer { close(descriptor) }
            return try Self.readAll(descriptor, name: file)
        }
        if file == nil, Output.stdinIsTerminal { return nil }
        return try Self.readAll(STDIN_FILENO, name: "the standard input")
    }

    private static func readAll(_ descriptor: Int32, name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = systemRead(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR || Interrupt.isRequested {
                throw UnreadableFile(path: name, code: errno)
            }
        }
    }

    static func unescape(_ text: [UInt8]) -> [UInt8] {
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "\\"): 92,
            UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39,
        ]
        var result: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                result.append(byte)
                continue
            }
            let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
            if let replacement = simple[next] {
                result.append(replacement)
                rest = rest.dropFirst()
            } else if next == UInt8(ascii: "x"), digits.count == 2, let value = UInt8(digits, radix: 16) {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}

/// A text file that cannot be read.
struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    let code: Int32
    var description: String { "cannot read \(path): \(String(cString: strerror(code)))" }
}
