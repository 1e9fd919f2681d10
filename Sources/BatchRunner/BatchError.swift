public import SystemPackage

/// What ends a batch, or keeps it from starting. A single bad line never does.
public enum BatchError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotRead(path: String, reason: Errno)
    case cannotWrite(path: String, reason: Errno)
    case notAFile(path: String, role: String)
    case samePath(String, roles: [String])
    case locked(path: String)
    case encoding(path: String)
    case tooManyLines(path: String)
    case inputChangedMeanwhile(path: String)
    case foreignOutput(path: String, state: String)
    case foreignLine(path: String, line: Int, reason: String)
    case state(path: String, reason: String)
    case changed(what: String, output: String)
    case spoolDiffers(spool: String, output: String)
    case shard(String)
    case template(path: String, reason: String)
    case noDocuments(path: String)
    case option(name: String, reason: String)

    public var description: String {
        switch self {
        case .cannotRead(let path, let reason):
            "cannot read \(path): \(reason)."
        case .cannotWrite(let path, let reason):
            """
            cannot write \(path): \(reason). All results before this are kept; \
            when that is mended, run the same command again and it goes on from there.
            """
        case .notAFile(let path, let role):
            "\(path) is no plain file, and \(role) has to be one, or nothing could be resumed. Give the path of a file."
        case .samePath(let path, let roles):
            "\(path) is given as \(roles.joined(separator: " and as ")). Give each a path of its own."
        case .locked(let path):
            """
            another runner is writing \(path). Wait for it or end it; to run parts at the same time, give each \
            runner its own output and --shard i/n.
            """
        case .encoding(let path):
            "\(path) is UTF-16. Make it UTF-8 first: iconv -f UTF-16 -t UTF-8 \(path)"
        case .tooManyLines(let path):
            "\(path) has more lines or bytes than can be counted. Split it."
        case .inputChangedMeanwhile(let path):
            """
            \(path) was changed while the batch ran. Bring the old content back and run the same command again, \
            or give the new content another output.
            """
        case .foreignOutput(let path, let state):
            """
            \(path) holds something, and \(state) is not there to say that it belongs to this batch. \
            Give another output, or --restart to throw its content away.
            """
        case .foreignLine(let path, let line, let reason):
            """
            line \(line) of \(path) is no result of this batch: \(reason). Remove that line, give another \
            output, or --restart to throw all results away.
            """
        case .state(let path, let reason):
            "\(path) \(reason). Give another output, or --restart to begin from nothing."
        case .changed(let what, let output):
            """
            \(what) changed since \(output) was begun. Bring back what it was, give another output, \
            or --restart to throw the results away.
            """
        case .spoolDiffers(let spool, let output):
            """
            the piped input differs from the one that \(output) was begun with, which is in \(spool). \
            Give \(spool) as the input to go on, another output, or --restart.
            """
        case .shard(let text):
            "--shard is \(text), where i/n with 0 <= i < n is possible, such as 0/4."
        case .template(let path, let reason):
            "the prompt template \(path) \(reason)."
        case .noDocuments(let path):
            "\(path) names no files. Give a folder with text files, or a pattern in quotes such as 'texts/*.txt'."
        case .option(let name, let reason):
            "\(name) \(reason)."
        }
    }
}
