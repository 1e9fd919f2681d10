internal import CKernels
internal import COpenBLAS

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Gives OpenBLAS the kernels that this CPU deserves.
///
/// Versions up to 0.3.2x know AMD's CPUs with AVX-512 by name only if they are as old, and take AVX2 for the others: half
/// the speed (seen on Zen 5 with 0.3.21). They read OPENBLAS_CORETYPE when they are loaded, which is before a program can
/// set it; but they choose once more when asked. Whoever sets that variable has the last word.
enum BLASCore {
    /// Chooses, once; to be called before the first product.
    static func choose() { _ = chosen }

    private static let chosen: Void = {
        guard carat_probe_has_avx512(), getenv(variable) == nil,
            let name = openblas_get_corename(), outdated.contains(String(cString: name)),
            let quit = dlsym(nil, "gotoblas_dynamic_quit"), let start = dlsym(nil, "gotoblas_dynamic_init")
        else { return }
        typealias Function = @convention(c) () -> Void
        setenv(variable, "SkylakeX", 1)
        unsafeBitCast(quit, to: Function.self)()
        unsafeBitCast(start, to: Function.self)()
        unsetenv(variable)
    }()

    private static let variable = "OPENBLAS_CORETYPE"
    /// Core types without AVX-512.
    private static let outdated: Set = ["Haswell", "Zen"]
}
