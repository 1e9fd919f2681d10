import Dispatch
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A TCP connection that sends any bytes, so that clients can misbehave in every way.
///
/// Calls block a thread of their own, not those that the server's tasks run on.
public final class RawConnection: @unchecked Sendable {
    public enum Failure: Error {
        case system(String, Int32)
        case timeout
        case notHTTP(String)
    }

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "connection")
    /// Read, and not given out yet. Touched on `queue` alone.
    private var buffer: [UInt8] = []

    /// - Parameter receiveBuffer: bytes that the system keeps for a client that does not read; nil for its default.
    public static func open(port: Int, receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try RawConnection(port: port, receiveBuffer: receiveBuffer) })
            }
        }
    }

    private init(port: Int, receiveBuffer: Int32?) throws {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Failure.system("socket", errno) }
        self.descriptor = descriptor
        if var bytes = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.system("connect", errno) }
    }

    deinit { close(descriptor) }

    /// Sends all bytes; false where the server has closed.
    @discardableResult
    public func write(_ text: String) async -> Bool { await write(Array(text.utf8)) }

    @discardableResult
    public func write(_ bytes: [UInt8]) async -> Bool {
        await onQueue { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// The client says that it will send no more, and still reads.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The client is gone, with a FIN.
    public func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The client is gone, with a RST: what was on the way is lost.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        // the descriptor itself stays until `deinit`
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// The next answer.
    public func answer(timeout: Double = 30, isToHEAD: Bool = false) async throws -> HTTPAnswer {
        let end = Date.now + timeout
        return try await onQueue { Result { try self.readAnswer(until: end, isToHEAD: isToHEAD) } }.get()
    }

    /// Everything up to the server's close, or nil where it does not close in time.
    public func remainder(timeout: Double = 30) async -> [UInt8]? {
        let end = Date.now + timeout
        return await onQueue {
            do { while try self.receive(until: end) {} } catch { return nil }
            defer { self.buffer = [] }
            return self.buffer
        }
    }

    /// Text up to and with `mark`.
    public func text(upTo mark: String, timeout: Double = 30) async throws -> String {
        let end = Date.now + timeout
        let bytes = try await onQueue { Result { try self.take(upTo: Array(mark.utf8), until: end) } }.get()
        return String(decoding: bytes, as: UTF8.self)
    }

    private func onQueue<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: work()) } }
    }

    // MARK: on the queue

    private func readAnswer(until end: Date, isToHEAD: Bool) throws -> HTTPAnswer {
        var head = try HTTPAnswer(
            head: String(decoding: try take(upTo: Array("\r\n\r\n".utf8), until: end), as: UTF8.self))
        guard head.status >= 200 else { return try readAnswer(until: end, isToHEAD: isToHEAD) }
        if isToHEAD || head.status == 204 || head.status == 304 { return head }
        if let length = head.headers["content-length"].flatMap({ Int($0) }) {
            head.body = try take(length, until: end)
        } else if head.headers["transfer-encoding"] == "chunked" {
            while true {
                let line = String(decoding: try take(upTo: [13, 10], until: end).dropLast(2), as: UTF8.self)
                guard let size = Int(line, radix: 16) else { throw Failure.notHTTP(line) }
                head.body += try take(size, until: end)
                _ = try take(2, until: end)
                if size == 0 { break }
            }
        } else {
            while try receive(until: end) {}
            head.body = buffer
            buffer = []
        }
        return head
    }

    private func take(upTo mark: [UInt8], until end: Date) throws -> [UInt8] {
        while true {
            if let range = buffer.firstRange(of: mark) { return try take(range.upperBound, until: end) }
            guard try receive(until: end) else {
                throw Failure.notHTTP(String(decoding: buffer.prefix(200), as: UTF8.self))
            }
        }
    }

    private func take(_ count: Int, until end: Date) throws -> [UInt8] {
        while buffer.count < count {
            guard try receive(until: end) else {
                throw Failure.notHTTP(String(decoding: buffer.prefix(200), as: UTF8.self))
            }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// Adds what is there to the buffer; false where the server has closed.
    private func receive(until end: Date) throws -> Bool {
        let left = end.timeIntervalSinceNow
        guard left > 0 else { throw Failure.timeout }
        var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&events, 1, Int32(min(left * 1000, 1e9)) + 1)
        guard ready > 0 else { throw Failure.timeout }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        // a reset is an end too
        guard count > 0 else { return false }
        buffer += bytes[..<count]
        return true
    }
}
