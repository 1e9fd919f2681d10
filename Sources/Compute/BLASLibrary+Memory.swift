internal import Synchronization

/// OpenBLAS maps a buffer for each thread that calls it, keeps it, and up to 0.3.29 tries again for ever where the address
/// space is used up. So whoever is about to call it looks first.
extension BLASLibrary {
    /// Bytes of a buffer, at most. Source: BUFFER_SIZE in common_x86_64.h and common_arm64.h of OpenBLAS 0.3.21.
    private static let bufferBytes = 32 << 22
    /// Bytes that a new thread takes by itself: a stack, and glibc's heap of its own.
    private static let threadBytes = 72 << 20
    /// Threads that there was room for.
    private static let provided = Mutex(0)
    private static let isShort = Atomic(false)

    /// Whether there was no room once. OpenBLAS's own threads may then wait for theirs for ever, and a program that ends
    /// by `exit` waits for them.
    package static var isShortOfMemory: Bool { isShort.load(ordering: .relaxed) }

    /// Makes sure that `threads` threads can call OpenBLAS; no memory is taken.
    ///
    /// Throws: ``ComputeError/blasMemory(needed:threads:)``.
    package static func requireMemory(threads: Int) throws(ComputeError) {
        let bytes = bufferBytes + threadBytes
        let isThere = provided.withLock { provided in
            guard threads > provided else { return true }
            guard MappedMemory.hasRoom(threads - provided, of: bytes) else { return false }
            provided = threads
            return true
        }
        if !isThere {
            isShort.store(true, ordering: .relaxed)
            throw .blasMemory(needed: bytes * threads, threads: threads)
        }
    }
}
