import GGUF

/// The page of `--report`, opened before the work so that a path that cannot be written is known then.
struct ReportFile {
    private let file: ReplacementFile

    /// Throws: `OutputPath.WouldBeLost`, `GGUFError.cannotWrite`.
    init(_ path: String, isNoneOf inputs: [String]) throws {
        try OutputPath.check(path, isNoneOf: inputs)
        file = try ReplacementFile(path)
    }

    /// Puts the page in place.
    func write(_ text: String) throws {
        try file.write(Array(text.utf8)[...])
        try file.commit()
    }
}
