import Batches
import Foundation
import JSON
import OpenAI
import TestSupport
import Testing

@Suite struct FileStoreTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func keepsFilesFromOneServerToTheNext() async throws {
        let file: StoredFile
        do {
            let store = try scratch.store()
            file = try await store.add("{}\n", filename: "../../etc/passwd")
            #expect(try scratch.names == ["carat.lock", file.id.description, "\(file.id).json"])
        }
        let store = try scratch.store()
        #expect(store.all == [file])
        #expect(try store.text(file.id) == "{}\n")
        #expect(file.bytes == 3 && file.filename == "../../etc/passwd" && file.purpose == .batch)
        #expect(try store.delete(file.id.description) == file)
        #expect(throws: APIError.self) { try store.file(file.id.description) }
        #expect(try scratch.names == ["carat.lock"])
    }

    @Test func jsonIsOpenAIs() async throws {
        let file = try await scratch.store().add("{}\n")
        let json = try object(String(decoding: file.json.serialized, as: UTF8.self))
        #expect(json["object"] as? String == "file" && json["bytes"] as? Int == 3)
        #expect(json["purpose"] as? String == "batch" && json["status"] as? String == "processed")
        #expect(json["id"] as? String == file.id.description && json["filename"] as? String == "lines.jsonl")
        #expect(abs((json["created_at"] as? Double ?? 0) - Date().timeIntervalSince1970) < 60)
    }

    @Test func crashesLeaveNothing() async throws {
        let (kept, orphan, described) = try await {
            let store = try scratch.store()
            return (try await store.add("1\n"), try await store.add("2\n"), try await store.add("3\n"))
        }()
        let folder = scratch.path("files")
        try FileManager.default.removeItem(atPath: "\(folder)/\(orphan.id).json")
        try FileManager.default.removeItem(atPath: "\(folder)/\(described.id)")
        for name in ["upload-\(kept.id)", "\(kept.id).json.part-1x"] {
            try Data("half".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        let store = try scratch.store()
        #expect(store.all == [kept])
        #expect(try scratch.names == ["carat.lock", kept.id.description, "\(kept.id).json"])
    }

    @Test func uploadsThatEndEarlyAreGone() async throws {
        let store = try scratch.store()
        do {
            let upload = try FileUpload(to: store)
            try upload.write(Array("half".utf8)[...])
            #expect(try scratch.names.count == 2)
        }
        #expect(try scratch.names == ["carat.lock"])
    }

    @Test func limitsHold() async throws {
        let store = try scratch.store(.init(total: 3 << 20, file: 1 << 20))
        let block = [UInt8](repeating: 0x20, count: 1 << 20)
        func upload(_ bytes: Int) async throws -> StoredFile {
            let upload = try FileUpload(to: store)
            try upload.write(block.prefix(bytes))
            return try await upload.finish(filename: "f", purpose: .batch)
        }
        let tooLarge = try #require(throws: APIError.self) {
            let upload = try FileUpload(to: store)
            try upload.write(block[...])
            try upload.write([1])
        }
        #expect(tooLarge.status == 413 && tooLarge.code == "file_too_large")
        let first = try await upload(1 << 20)
        _ = try await upload(1 << 20)
        _ = try await upload((1 << 20) - 4096)
        let full = await #expect(throws: APIError.self) { try await upload(1 << 20) }
        #expect(full?.status == 507 && full?.message.contains("Delete files") == true)
        _ = try store.delete(first.id.description)
        _ = try await upload(1 << 20)
    }

    @Test func emptyFilesCountToo() async throws {
        let store = try scratch.store(.init(total: (1 << 20) + 8192, file: 100))
        for _ in 0..<2 { _ = try await store.add("1") }
        let last = await #expect(throws: APIError.self) { for _ in 0..<3 { _ = try await store.add("1") } }
        #expect(last?.status == 507)
    }

    @Test(arguments: [
        "", "file-", "file-none", "../files", "file-../../../../etc/passwd00", "file-ABCDEFGHIJKLMNOPQRSTUVWX",
        "batch_000000000000000000000000", "file-00000000000000000000000/", "file-000000000000000000000000 ",
    ])
    func otherNamesAreRefused(_ name: String) throws {
        #expect(ItemID(name, .file) == nil)
        let error = #expect(throws: APIError.self) { try scratch.store().file(name) }
        #expect(error?.status == 404 && error?.code == "file_not_found")
    }

    @Test func linksAreNotFollowed() async throws {
        let store = try scratch.store()
        let file = try await store.add("{}\n")
        let path = scratch.path("files") + "/\(file.id)"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        #expect(throws: APIError.self) { try store.open(file) }
    }

    @Test func oneServerAtATime() throws {
        let first = try scratch.store()
        #expect(throws: FolderError.locked(path: scratch.path("files"))) { try FileFolder(scratch.path("files")) }
        withExtendedLifetime(first) {}
    }

    @Test func foldersOfOthersAreRefused() throws {
        try Data().write(to: URL(filePath: scratch.path("thing")))
        #expect(throws: FolderError.foreign(path: scratch.folder, name: "thing")) { try FileFolder(scratch.folder) }
        #expect(throws: FolderError.self) { try FileFolder(scratch.path("thing")) }
        #expect(throws: FolderError.self) { try FileFolder(scratch.path("thing/below")) }
    }

    @Test func onlyTheUserComesIn() throws {
        let path = scratch.path("wide")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        _ = try FileFolder(path)
        for folder in [path, scratch.path("a/b/files")] {
            _ = try FileFolder(folder)
            let facts = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(facts[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func pagesGoThroughAll() async throws {
        let store = try scratch.store()
        var made: [String] = []
        for index in 0..<5 { made.append(try await store.add("\(index)\n").id.description) }
        #expect(made == made.sorted())
        for order in ["asc", "desc"] {
            var seen: [String] = []
            var after: String?
            while true {
                let query = try ListQuery(.file, limit: 10, standard: 10) {
                    ["limit": "2", "order": order, "after": after][$0] ?? nil
                }
                let page = try object(
                    String(decoding: query.page(store.all, id: \.id, json: \.json).serialized, as: UTF8.self))
                let ids = try #require(page["data"] as? [[String: Any]]).compactMap { $0["id"] as? String }
                #expect(page["object"] as? String == "list")
                #expect(page["first_id"] as? String == ids.first && page["last_id"] as? String == ids.last)
                seen += ids
                after = ids.last
                guard page["has_more"] as? Bool == true else { break }
            }
            #expect(seen == (order == "asc" ? made : made.reversed()))
        }
        // what a page ended with may be gone before the next is asked for
        let middle = made[2]
        _ = try store.delete(middle)
        let query = try ListQuery(.file, limit: 10, standard: 10) { $0 == "after" ? middle : nil }
        guard case .array(let data)? = query.page(store.all, id: \.id, json: \.json)["data"] else {
            Issue.record("no data")
            return
        }
        #expect(data.map { $0["id"]?.string } == [made[1], made[0]])
    }

    @Test(arguments: ["limit=0", "limit=11", "limit=x", "order=up", "after=file-none", "after=batch_"])
    func badQueriesAreRefused(_ text: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        let error = #expect(throws: APIError.self) {
            try ListQuery(.file, limit: 10, standard: 10) { $0 == parts[0] ? parts[1] : nil }
        }
        #expect(error?.status == 400 && error?.param == parts[0])
    }
}
