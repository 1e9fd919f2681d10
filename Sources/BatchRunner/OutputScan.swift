/// Goes through the lines that earlier runs wrote, and notes which lines of the input are done.
///
/// Lines are read, never counted: a line that is no result of this batch is refused. Only the last one may be damaged, by a
/// crash while it was written, and is then left out; and so are windows at the end that are not all there.
struct OutputScan {
    let path: String
    let index: LineIndex
    let shard: Shard
    private(set) var done: [Bool]
    private(set) var doneCount = 0
    private(set) var failedCount = 0

    /// A line that could not be read; fine if it is the last.
    private var damage: (line: Int, offset: Int, reason: String)?
    /// Windows of one line so far, and where the first begins.
    private var group: (number: Int, windows: Int, seen: Int, offset: Int, line: Int, isFailed: Bool)?

    init(path: String, index: LineIndex, shard: Shard, done: [Bool]) {
        self.path = path
        self.index = index
        self.shard = shard
        self.done = done
    }

    mutating func use(_ bytes: [UInt8], _ line: Int, _ offset: Int) throws(BatchError) {
        if let damage { throw .foreignLine(path: path, line: damage.line, reason: damage.reason) }
        let result: ResultLine.Parsed
        do {
            result = try ResultLine.parse(bytes)
        } catch {
            guard Self.isTorn(bytes) else { throw .foreignLine(path: path, line: line, reason: error.reason) }
            damage = (line, offset, error.reason)
            return
        }
        guard let place = index.place(ofLine: result.number) else {
            throw .foreignLine(path: path, line: line, reason: "the input has no line \(result.number)")
        }
        let id = index.entries[place].id
        guard id == IDDigest(result.customID) else {
            let reason = "line \(result.number) of the input has another custom_id than \(result.customID)"
            throw .foreignLine(path: path, line: line, reason: reason)
        }
        guard shard.owns(id) else {
            throw .foreignLine(path: path, line: line, reason: "\(result.customID) is not of shard \(shard)")
        }
        guard !done[place] else {
            throw .foreignLine(path: path, line: line, reason: "\(result.customID) has a result already")
        }
        guard try isComplete(result, line, offset) else { return }
        done[place] = true
        doneCount += 1
        if group?.isFailed ?? result.isFailed { failedCount += 1 }
        group = nil
    }

    /// Whether `result` is all of its line's result, or the last window of it.
    private mutating func isComplete(_ result: ResultLine.Parsed, _ line: Int, _ offset: Int) throws(BatchError) -> Bool
    {
        let expected = (group?.seen ?? 0) + 1
        guard group == nil || group?.number == result.number && group?.windows == result.windows,
            (result.window ?? 1) == expected
        else {
            let reason = "the windows before it, or it itself, are not all there or not in order"
            throw .foreignLine(path: path, line: line, reason: reason)
        }
        guard result.window != nil else { return true }
        group = (
            result.number, result.windows, expected, group?.offset ?? offset, line,
            (group?.isFailed ?? false) || result.isFailed
        )
        return expected == result.windows
    }

    /// Where the good part ends, given where the last whole line ends.
    func finish(_ end: Int) -> Int { group?.offset ?? damage?.offset ?? end }

    /// Whether a line with an end may be what a crash of the machine left of one of ours: begun by us and not JSON, or
    /// with blocks of zeros.
    private static func isTorn(_ bytes: [UInt8]) -> Bool {
        var scan = JSONScan(bytes)
        guard (try? scan.object()) == nil else { return false }
        return bytes.contains(0) || bytes.starts(with: #"{"id":"batch_req_"#.utf8)
    }
}
