import ArgumentParser
import Engine

/// What is kept of prefixes that were computed.
struct CacheFlags: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Memory for prefixes that no running request holds.", valueName: "MiB"))
    var cacheRam = 1024
    @Option(
        help: ArgumentHelp(
            "Keep prefixes here from one start to the next. Processes may share it.", valueName: "folder"))
    var cacheDir: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Most that files in --cache-dir take; the least recently used go.", valueName: "MiB"))
    var cacheDisk = 16_384

    func check() throws {
        for (name, value) in [("--cache-ram", cacheRam), ("--cache-disk", cacheDisk)] {
            guard (0...(1 << 30)).contains(value) else {
                throw ValidationError("\(name) is \(value), where 0 or more MiB are possible.")
            }
        }
    }

    /// - Parameter concurrency: requests that run at once; each may ask for up to 16 completions.
    func apply(to settings: inout EngineSettings, concurrency: Int) {
        settings.sequences = min(max(concurrency, 16), 256)
        settings.cacheBytes = cacheRam << 20
        settings.cacheDirectory = cacheDir
        settings.cacheDirectoryBytes = cacheDisk << 20
        settings.log = { Output.note("warning: \($0)\n") }
    }
}
