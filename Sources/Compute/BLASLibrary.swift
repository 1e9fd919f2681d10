internal import COpenBLAS

/// The BLAS that this process runs on.
public enum BLASLibrary {
    /// Version and build, as the library says them: "OpenBLAS 0.3.21 DYNAMIC_ARCH ...".
    public static var configuration: String { String(cString: openblas_get_config()) }
    /// The core type that its kernels were chosen for at run time: "Zen".
    public static var coreType: String { String(cString: openblas_get_corename()) }
}
