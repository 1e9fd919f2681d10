internal import COpenBLAS

/// The OpenBLAS that the program runs with.
public enum BLASLibrary {
    /// Version and build options, then the core type it has chosen its kernels for.
    public static let configuration: String = {
        let texts = [openblas_get_config(), openblas_get_corename()].compactMap { $0.map { String(cString: $0) } }
        return texts.joined(separator: " | ").split(separator: " ").joined(separator: " ")
    }()
}
