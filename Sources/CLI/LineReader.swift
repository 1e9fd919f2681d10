import SystemPackage

/// Lines from the keyboard. Unlike `readLine`, it comes back when Ctrl-C interrupts the wait.
struct LineReader {
    private var pending: [UInt8] = []

    /// The next line without its end; nil at the end of the input or on Ctrl-C.
    mutating func next() -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            do {
                let count = try chunk.withUnsafeMutableBytes {
                    try FileDescriptor.standardInput.read(into: $0, retryOnInterrupt: false)
                }
                guard count > 0 else {
                    defer { pending = [] }
                    return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
                }
                pending += chunk[..<count]
            } catch Errno.interrupted {
                guard !Interrupt.isRequested else {
                    pending = []
                    return nil
                }
            } catch {
                return nil
            }
        }
    }
}
