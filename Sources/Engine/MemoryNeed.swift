internal import Compute
internal import GGUF
internal import Gemma
internal import Tokenizer

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Memory that a session needs, in bytes: known before any page is touched.
struct MemoryNeed {
    /// Mapped weights, KV cache when full, and the matrices of a forward pass; `Int.max` where a sum overflows.
    let bytes: Int

    init(_ model: GemmaModel, context: Int, settings: EngineSettings) {
        let c = model.config
        let perToken = c.kvBytesPerToken(
            keys: settings.cacheElement, values: settings.valueElement ?? settings.cacheElement)
        let (cache, overflow) = perToken.multipliedReportingOverflow(by: context)
        let working = Gemma.workingBytes(
            c, vocabularyCount: model.tokenizer.vocabulary.count, ubatch: min(settings.ubatch, context))
        let (sum, overflow2) = cache.addingReportingOverflow(working)
        let (total, overflow3) = sum.addingReportingOverflow(model.file.bytes.count)
        bytes = overflow || overflow2 || overflow3 ? .max : total
    }

    /// Bytes of memory in this machine, or what a limit on this process's address space leaves of it.
    static var available: Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let size = sysconf(Int32(_SC_PAGESIZE))
        guard pages > 0, size > 0 else { return .max }
        let (physical, overflow) = pages.multipliedReportingOverflow(by: size)
        return min(overflow ? .max : physical, addressSpace)
    }

    /// The limit on the address space (`ulimit -v`) less what libraries and stacks take of it.
    private static var addressSpace: Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let result = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            let result = getrlimit(RLIMIT_AS, &limit)
        #endif
        guard result == 0, let bytes = Int(exactly: limit.rlim_cur) else { return .max }
        return max(0, bytes - (768 << 20))
    }
}
