import GGUF

/// Where a command writes.
enum OutputPath {
    struct WouldBeLost: Error, CustomStringConvertible {
        let output: String
        let input: String
        var description: String {
            "\(output) is \(output == input ? "read" : "\(input), which is read") by this command and would be lost. "
                + "Give the output another name."
        }
    }

    /// Throws where nothing can be written to `output`, or where it is one of `inputs`, by whatever name. Said before
    /// the work, whose result would be lost.
    static func check(_ output: String, isNoneOf inputs: [String?]) throws {
        let target = FileIdentity(path: output)
        for case let input? in inputs where input != "-" {
            if let target, target.isRegular, FileIdentity(path: input)?.isSameFile(as: target) == true {
                throw WouldBeLost(output: output, input: input)
            }
        }
        try ReplacementFile.requireWritable(output)
    }
}
