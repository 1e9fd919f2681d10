internal import Foundation
internal import GGUF

/// The store's folder: what is in it, and room for more.
struct KVFolder: Sendable {
    let path: String
    /// Bytes of all blocks.
    let limit: Int

    private struct Entry {
        let path: String
        let bytes: Int
        let used: Date
    }

    /// Temporary files that nobody finishes any more, and files that were moved aside.
    func removeLeftovers() {
        for entry in entries(where: { $0.contains(".kv.part-") || $0.hasSuffix(".kv.bad") })
        where entry.used.timeIntervalSinceNow < -3600 {
            unlink(entry.path)
        }
    }

    /// Removes blocks that were not used for the longest time until there is room for `bytes` more.
    ///
    /// One process at a time: two would both remove what one has to. A block that another process has open stays
    /// readable there.
    /// False where `bytes` alone are more than the limit, or another process is making room.
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``.
    func makeRoom(for bytes: Int) throws(GGUFError) -> Bool {
        try UserDirectory.create(path)
        guard bytes <= limit else { return false }
        guard size(of: blocks) + bytes > limit else { return true }
        let lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard lock >= 0 else { return false }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return false }
        var blocks = blocks.sorted { $0.used < $1.used }[...]
        var total = size(of: Array(blocks)) + bytes
        // some more than needed, so that not each block begins anew
        while total > limit - limit / 16, let oldest = blocks.popFirst() {
            unlink(oldest.path)
            total -= oldest.bytes
        }
        return true
    }

    /// Files that were moved aside count too.
    private var blocks: [Entry] { entries { $0.hasSuffix(".kv") || $0.hasSuffix(".bad") } }

    private func size(of entries: [Entry]) -> Int { entries.reduce(0) { $0 + $1.bytes } }

    private func entries(where isWanted: (String) -> Bool) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter(isWanted).compactMap { name in
            var status = stat()
            guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            let seconds = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
            return Entry(
                path: path + "/" + name, bytes: Int(status.st_size), used: Date(timeIntervalSince1970: seconds))
        }
    }
}
