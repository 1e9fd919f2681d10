#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Zeroed pages of their own.
enum MappedMemory {
    /// nil where the address space or a limit on memory has no room. The caller unmaps it.
    static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
        #if canImport(Darwin)
            let flags = MAP_PRIVATE | MAP_ANON
        #else
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #endif
        let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        return address == MAP_FAILED ? nil : address
    }

    /// Whether `count` areas of `bytes` can be had; none is taken.
    static func hasRoom(_ count: Int, of bytes: Int) -> Bool {
        var areas: [UnsafeMutableRawPointer] = []
        while areas.count < count, let area = map(bytes) { areas.append(area) }
        for area in areas { munmap(area, bytes) }
        return areas.count == count
    }
}
