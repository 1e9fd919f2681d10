#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The reader of our output has gone: the program ends quietly.
struct ClosedPipe: Error {}

/// What could not be written, and why.
struct OutputError: Error, CustomStringConvertible {
    let code: Int32
    var description: String { "cannot write the output: \(String(cString: strerror(code)))" }
}

/// Unbuffered writing to stdout (the text asked for) and stderr (all else).
enum Output {
    static func write(_ text: String) throws { try write(Array(text.utf8), to: STDOUT_FILENO) }
    static func write(bytes: [UInt8]) throws { try write(bytes, to: STDOUT_FILENO) }

    /// For people: progress, timings, notes. Losing it is no reason to fail.
    static func note(_ text: String) { try? write(Array(text.utf8), to: STDERR_FILENO) }

    static let stderrIsTerminal = isatty(STDERR_FILENO) == 1
    static let stdinIsTerminal = isatty(STDIN_FILENO) == 1

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                throw ClosedPipe()
            } else if errno != EINTR && errno != EAGAIN {
                throw OutputError(code: errno)
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
