#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Zeroed, 64-byte aligned memory for a fixed number of elements.
///
/// Areas of a megabyte and more are mapped, so that their pages count as resident only as they are first written:
/// a KV cache for a long context costs nothing until the context is used.
final class Buffer<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int
    private let mappedByteCount: Int?

    init(count: Int) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        precondition(!overflow && count >= 0, "\(count) elements of \(MemoryLayout<Element>.stride) bytes")
        self.count = count
        let raw: UnsafeMutableRawPointer
        if bytes >= 1 << 20, let mapped = MappedMemory.map(bytes) {
            raw = mapped
            mappedByteCount = bytes
        } else {
            raw = .allocate(byteCount: max(bytes, 64), alignment: 64)
            raw.initializeMemory(as: UInt8.self, repeating: 0, count: max(bytes, 64))
            mappedByteCount = nil
        }
        base = raw.bindMemory(to: Element.self, capacity: count)
    }

    deinit {
        if let mappedByteCount {
            munmap(base, mappedByteCount)
        } else {
            base.deallocate()
        }
    }
}
