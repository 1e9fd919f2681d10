import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C: the first one ends the work at hand with what was made, a second one ends the program at once.
enum Interrupt {
    private static let count = Atomic(0)
    private static let received = Atomic<Int32>(SIGINT)
    private static let pipe = Atomic<Int32>(-1)

    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
    static func clear() { count.store(0, ordering: .relaxed) }

    /// 130 after Ctrl-C, 143 after SIGTERM, as shells have it.
    static var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }

    /// A signal also writes a byte 0 to `descriptor`, for a thread that waits at the other end of a pipe.
    static func wake(by descriptor: Int32?) { pipe.store(descriptor ?? -1, ordering: .relaxed) }

    static func install() {
        clear()  // what the handler reads exists before a signal can come
        received.store(SIGINT, ordering: .relaxed)
        wake(by: nil)
        var action = sigaction()
        let handler: @convention(c) (Int32) -> Void = { signal in
            if Interrupt.count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(128 + signal) }
            Interrupt.received.store(signal, ordering: .relaxed)
            let pipe = Interrupt.pipe.load(ordering: .relaxed)
            guard pipe >= 0 else { return }
            let interrupted = errno
            var byte: UInt8 = 0
            _ = write(pipe, &byte, 1)
            errno = interrupted
        }
        #if canImport(Darwin)
            action.__sigaction_u.__sa_handler = handler
        #else
            action.__sigaction_handler.sa_handler = handler
        #endif
        // no SA_RESTART: a pending read of the keyboard is to end as well
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // A parent's mask is inherited, and threads of some runtimes block all signals.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Pages of a mapped file that was cut short cannot be read any more, and no program can go on from there: one line
    /// says why, instead of a bare "Bus error".
    static func explainBusErrors() {
        signal(SIGBUS) { _ in
            let text: StaticString = """
                Error: the model file was changed on disk while it was in use. \
                Replace model files by renaming a new one over them, never in place.

                """
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(135)
        }
    }

    /// A write to a closed pipe then fails with an error that `Output` knows, instead of a signal.
    static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }
}
