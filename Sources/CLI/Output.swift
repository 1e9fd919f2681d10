import SystemPackage

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
    let reason: Errno
    var description: String { "cannot write the output: \(reason)" }
}

/// Unbuffered writing to stdout (the text asked for) and stderr (all else).
enum Output {
    static func write(_ text: String) throws { try write(Array(text.utf8), to: .standardOutput) }
    static func write(bytes: [UInt8]) throws { try write(bytes, to: .standardOutput) }

    /// For people: progress, timings, notes. Losing it is no reason to fail.
    static func note(_ text: String) { try? write(Array(text.utf8), to: .standardError) }

    static let stderrIsTerminal = isatty(STDERR_FILENO) == 1
    static let stdinIsTerminal = isatty(STDIN_FILENO) == 1

    /// Characters in a line of the terminal at stderr, now; 80 where it does not say.
    static var stderrColumns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func write(_ bytes: [UInt8], to descriptor: FileDescriptor) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            do {
                rest = rest.dropFirst(try rest.withUnsafeBytes { try descriptor.write($0) })
            } catch Errno.brokenPipe {
                throw ClosedPipe()
            } catch Errno.wouldBlock {
                // the other end made the pipe non-blocking, and is slower than we are
                var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } catch let reason as Errno {
                throw OutputError(reason: reason)
            }
        }
    }
}
