import ArgumentParser
import SystemPackage

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
        if let file, file != "-" { return try Self.read(file) }
        if file == nil, Output.stdinIsTerminal { return nil }
        return try Self.readStandardInput()
    }

    /// All of stdin.
    static func readStandardInput() throws -> [UInt8] {
        do { return try readAll(.standardInput) } catch let reason as Errno {
            throw UnreadableFile(path: "the standard input", reason: reason)
        }
    }

    /// All of the file at `path`.
    static func read(_ path: String) throws -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter { try readAll(descriptor) }
        } catch let reason as Errno {
            throw UnreadableFile(path: path, reason: reason)
        }
    }

    private static func readAll(_ descriptor: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            do {
                let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0, retryOnInterrupt: false) }
                if count == 0 { return bytes }
                bytes += chunk[..<count]
            } catch Errno.interrupted {
                if Interrupt.isRequested { throw ExitCode(130) }
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
            } else if next == UInt8(ascii: "x"), digits.utf8.count == 2,
                digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

/// A text file that cannot be read.
struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    let reason: Errno
    var description: String { "cannot read \(path): \(reason)" }
}
