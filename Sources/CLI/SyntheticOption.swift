import ArgumentParser
import Synthetic

/// The path of the synthetic model of this name (`gemma-2b:Q4_K_M`), made in the cache folder if it is not there. That
/// shows a progress bar; Ctrl-C ends it and leaves nothing behind.
///
/// Throws: `SyntheticModelError`, or exit code 130 after Ctrl-C.
func syntheticModelPath(_ name: String) throws -> String {
    Interrupt.install()
    let megabytes = try SyntheticModel(name: name).byteCount / 1_000_000
    var bar = ProgressBar("making \(name)", unit: "MB", plural: "MB")
    defer { bar.finish() }
    return try SyntheticModel.cached(named: name) { fraction in
        if Interrupt.isRequested { throw ExitCode(130) }
        bar.update(Int(fraction * Double(megabytes)), of: megabytes)
    }
}
