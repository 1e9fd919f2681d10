internal import COpenBLAS

/// The OpenBLAS that this process runs on.
public enum BLASLibrary {
    /// Version and build, as the library says them: "OpenBLAS 0.3.21 DYNAMIC_ARCH ...".
    public static let configuration = text(openblas_get_config())
    /// The core type that its kernels were chosen for at run time: "Zen".
    public static let coreType = text(openblas_get_corename())

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        (pointer.map { String(cString: $0) } ?? "unknown").split(separator: " ").joined(separator: " ")
    }
}
