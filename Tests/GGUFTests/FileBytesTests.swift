import GGUF
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A directory of its own, removed with everything in it.
final class TemporaryDirectory {
    let path: String
    init() throws {
        // mkdtemp replaces six of the letter
        var template = Array(("/tmp/gguf-tests-" + String(repeating: "X", count: 6)).utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        path = String(cString: try #require(made))
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(path)/\(name)"
        let file = try #require(fopen(path, "w"))
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        fclose(file)
        return path
    }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

@Suite struct FileBytesTests {
    private func error(_ path: String) -> GGUFError? {
        do {
            _ = try GGUFFile(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test func onlyRegularFilesAreOpened() throws {
        let directory = try TemporaryDirectory()
        let base = directory.path
        #expect(error(base) == .notRegularFile(path: base, kind: "a directory"))
        #expect(mkfifo("\(base)/fifo", 0o600) == 0)
        #expect(error("\(base)/fifo") == .notRegularFile(path: "\(base)/fifo", kind: "a pipe"))
        #expect(error("/dev/zero") == .notRegularFile(path: "/dev/zero", kind: "a device"))
        #expect(symlink("\(base)/b", "\(base)/a") == 0 && symlink("\(base)/a", "\(base)/b") == 0)
        #expect(error("\(base)/a") == .cannotOpen(path: "\(base)/a", reason: "there are too many symbolic links"))
        let missing = "\(base)/new\nline"
        #expect(error(missing) == .cannotOpen(path: missing, reason: "there is no such file"))
        #expect(error("") == .cannotOpen(path: "", reason: "the path is empty"))
        #expect(error("a\0b") == .cannotOpen(path: "a\0b", reason: "the path contains a NUL byte"))
        let long = String(repeating: "x", count: 5000)
        #expect(error(long) == .cannotOpen(path: long, reason: "the path is too long"))
        let file = try directory.file("f", [1])
        #expect(error("\(file)/g") == .cannotOpen(path: "\(file)/g", reason: "a part of the path is not a directory"))
    }

    @Test func emptyAndShortFiles() throws {
        let directory = try TemporaryDirectory()
        let empty = try directory.file("empty", [])
        #expect(error(empty) == .emptyFile(path: empty))
        let short = try directory.file("short", [71, 71, 85])
        #expect(error(short) == .truncated(.header, offset: 0, needed: 4, remaining: 3))
    }

    @Test(.disabled(if: geteuid() == 0, "root may read every file"))
    func filesWithoutPermission() throws {
        let path = try TemporaryDirectory().file("secret", [1])
        #expect(chmod(path, 0) == 0)
        #expect(error(path) == .cannotOpen(path: path, reason: "permission is denied"))
    }

    @Test func aMappedFileHasItsBytesAndFollowsLinks() throws {
        let directory = try TemporaryDirectory()
        let bytes = sampleWriter().encoded()
        let path = try directory.file("good\nname.gguf", bytes)
        #expect(symlink(path, "\(directory.path)/link") == 0)
        let file = try GGUFFile(path: "\(directory.path)/link")
        #expect(file.bytes.count == bytes.count && file.bytes.path == "\(directory.path)/link")
        let copy = file.bytes.withSpan { span in span.withUnsafeBytes { Array($0) } }
        #expect(copy == bytes)
        _ = readEverything(file)
    }

    @Test func changesOnDiskAreSeen() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("m", [1, 2, 3])
        let mapped = try FileBytes(mapping: path)
        #expect(!mapped.hasChangedOnDisk())
        _ = try directory.file("m", [1, 2, 3, 4])
        #expect(mapped.hasChangedOnDisk(), "grown")

        let other = try FileBytes(mapping: path)
        let replacement = try directory.file("n", [1, 2, 3, 4])
        #expect(rename(replacement, path) == 0)
        #expect(other.hasChangedOnDisk(), "replaced")

        let third = try FileBytes(mapping: path)
        unlink(path)
        #expect(third.hasChangedOnDisk(), "gone")
        #expect(third.withSpan { $0.byteCount } == 4)
    }

    @Test func staticMemory() throws {
        let bytes = sampleWriter().encoded()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        let file = try GGUFFile(bytes: FileBytes(static: memory, count: bytes.count))
        #expect(file.bytes.path == "(embedded)" && !file.bytes.hasChangedOnDisk())
        _ = readEverything(file)
        #expect(file.bytes.pointer(at: 0, count: 4) == UnsafeRawPointer(memory))
    }

    @Test func aSparseFileOf50GBIsRefusedByItsHeader() throws {
        let directory = try TemporaryDirectory()
        let header = RawFile(keys: 1).key("k", 9).u32(7).u64(1 << 35)
        let path = try directory.file("sparse", header.bytes)
        guard truncate(path, 50_000_000_000) == 0 else { return }
        let limit = GGUFFile.maximumHeaderSize
        #expect(error(path) == .headerTooLarge(.value(key: "k"), offset: 49, limit: limit))
    }
}
