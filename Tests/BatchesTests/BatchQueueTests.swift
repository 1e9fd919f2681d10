import BatchRunner
import Batches
import Foundation
import JSON
import OpenAI
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BatchQueueTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func request(_ file: ItemID, _ endpoint: String = "/v1/completions") throws -> BatchRequest {
        try BatchRequest(
            [
                "input_file_id": .string(file.description), "endpoint": .string(endpoint), "completion_window": "24h",
                "metadata": ["mark": "1"],
            ], endpoints: BatchQueue.endpoints)
    }

    /// Runs a queue for as long as `use` takes.
    private func running<T: Sendable>(
        _ store: FileStore, _ answerer: FakeAnswerer = FakeAnswerer(), settings: BatchQueue.Settings = .testing(),
        _ use: (BatchQueue) async throws -> T
    ) async throws -> T {
        let queue = BatchQueue(store, answerer: answerer, settings: settings)
        let work = Task { await queue.run() }
        let result: T
        do { result = try await use(queue) } catch {
            work.cancel()
            await work.value
            throw error
        }
        work.cancel()
        await work.value
        return result
    }

    private func wait(
        _ queue: BatchQueue, _ id: ItemID, _ isReached: (Batch) -> Bool = { $0.status.isFinal }
    ) async throws -> Batch {
        while true {
            let batch = try await queue.batch(id.description)
            if isReached(batch) { return batch }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func resultsAreFiles() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a") + "\r\n" + line("b", prompt: "bad") + line("c"))
        let counted = Mutex<[Int]>([0, 0])
        var settings = BatchQueue.Settings.testing()
        settings.count = { completed, failed in
            counted.withLock {
                $0[0] += completed
                $0[1] += failed
            }
        }
        let batch = try await running(store, settings: settings) { queue in
            let made = try await queue.create(request(input.id))
            #expect(made.status == .validating)
            let batch = try await wait(queue, made.id)
            #expect(await queue.all == [batch])
            return batch
        }
        #expect(batch.status == .completed && batch.counts == Batch.Counts(total: 3, completed: 2, failed: 1))
        #expect(counted.withLock { $0 } == [2, 1])
        let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
        let output = try #require(ItemID(json["output_file_id"] as? String ?? "", .file))
        let errors = try #require(ItemID(json["error_file_id"] as? String ?? "", .file))
        #expect(try names(store.text(output)) == ["a", "c"])
        #expect(try names(store.text(errors)) == ["b"])
        let failure = try #require(try object(store.text(errors))["response"] as? [String: Any])
        #expect(failure["status_code"] as? Int == 400 && failure["body"] is [String: Any])
        #expect(try store.file(output.description).purpose == .results)
        // nothing else stays, and all of it can go
        #expect(try scratch.names.count == 1 + 3 * 2 + 1)
        for file in store.all { _ = try store.delete(file.id.description) }
    }

    @Test func jsonIsOpenAIs() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a"))
        let batch = try await running(store) { queue in
            try await wait(queue, try await queue.create(request(input.id)).id)
        }
        let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
        #expect(
            Set(json.keys) == [
                "id", "object", "endpoint", "model", "errors", "input_file_id", "completion_window", "status",
                "output_file_id", "error_file_id", "created_at", "in_progress_at", "expires_at", "finalizing_at",
                "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at", "request_counts", "usage",
                "metadata",
            ])
        #expect(json["object"] as? String == "batch" && json["status"] as? String == "completed")
        #expect(json["completion_window"] as? String == "24h" && json["error_file_id"] is NSNull)
        #expect(json["request_counts"] as? [String: Int] == ["total": 1, "completed": 1, "failed": 0])
        #expect(json["metadata"] as? [String: String] == ["mark": "1"])
        let created = try #require(json["created_at"] as? Int)
        #expect(json["expires_at"] as? Int == created + 86_400)
        for name in ["in_progress_at", "finalizing_at", "completed_at"] {
            #expect(json[name] as? Int ?? 0 >= created, "\(name)")
        }
    }

    struct BadInput: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        /// "code line param" of each fault.
        let faults: [String]
    }

    static let badInputs = [
        BadInput(testDescription: "empty", text: "\n\r\n", faults: ["empty_file - -"]),
        BadInput(testDescription: "no JSON", text: line("a") + "hello\n", faults: ["invalid_json_line 2 -"]),
        BadInput(
            testDescription: "no object", text: "[1]\nnull\n",
            faults: ["invalid_json_line 1 -", "invalid_json_line 2 -"]),
        BadInput(testDescription: "cut off", text: line("a") + "{\"custom_id\":", faults: ["invalid_json_line 2 -"]),
        BadInput(
            testDescription: "missing members", text: "{}\n{\"custom_id\":\"1\"}\n",
            faults: ["missing_required_parameter 1 custom_id", "missing_required_parameter 2 method"]),
        BadInput(
            testDescription: "twice the same name", text: line("a") + "\n" + line("a"),
            faults: ["duplicate_custom_id 3 custom_id"]),
        BadInput(
            testDescription: "another endpoint", text: line("a", url: "/v1/embeddings") + line("b"),
            faults: ["mismatched_url 1 url"]),
        BadInput(testDescription: "no endpoint", text: line("a", url: "/v1/x"), faults: ["invalid_url 1 url"]),
        BadInput(
            testDescription: "too many lines", text: (0..<12).map { line("\($0)") }.joined(),
            faults: ["too_many_tasks - -"]),
    ]

    @Test(arguments: badInputs) func badLinesFailTheBatch(_ bad: BadInput) async throws {
        let store = try scratch.store()
        let input = try await store.add(bad.text)
        let answerer = FakeAnswerer()
        var settings = BatchQueue.Settings.testing()
        settings.mostLines = 10
        let batch = try await running(store, answerer, settings: settings) { queue in
            try await wait(queue, try await queue.create(request(input.id)).id)
        }
        #expect(batch.status == .failed && answerer.names.isEmpty)
        #expect(batch.faults.map { "\($0.code) \($0.line.map { "\($0)" } ?? "-") \($0.param ?? "-")" } == bad.faults)
        let errors = try #require(
            try object(String(decoding: batch.json.serialized, as: UTF8.self))["errors"] as? [String: Any])
        let first = try #require((errors["data"] as? [[String: Any]])?.first)
        #expect(Set(first.keys) == ["code", "line", "message", "param"])
        _ = try store.delete(input.id.description)
    }

    /// What a server that ends leaves goes on with the next, and no line is answered twice.
    @Test func goesOnAfterRestart() async throws {
        let store = try scratch.store()
        let input = try await store.add((0..<5).map { line("\($0)", prompt: $0 == 2 ? "slow" : "x") }.joined())
        let first = FakeAnswerer()
        let id = try await running(store, first) { queue in
            let id = try await queue.create(request(input.id)).id
            let batch = try await wait(queue, id) { $0.counts.completed == 4 }
            #expect(batch.status == .running)
            return id
        }
        #expect(first.names.sorted() == ["0", "1", "3", "4"])
        let waiting = BatchQueue(store, answerer: first, settings: .testing())
        #expect(try await waiting.batch(id.description).counts == Batch.Counts(total: 5, completed: 4))
        let second = FakeAnswerer(isPatient: false)
        try await running(store, second) { queue in
            #expect(try await queue.batch(id.description).status == .running)
            let batch = try await wait(queue, id)
            #expect(batch.status == .completed && batch.counts == Batch.Counts(total: 5, completed: 5, failed: 0))
            let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
            let output = try store.text(ItemID(json["output_file_id"] as? String ?? "", .file))
            #expect(try names(output) == ["0", "1", "2", "3", "4"])
        }
        #expect(second.names == ["2"])
    }

    @Test func oneAfterTheOther() async throws {
        let store = try scratch.store()
        let answerer = FakeAnswerer()
        let slow = try await store.add(line("slow", prompt: "slow"))
        let fast = try await store.add(line("fast"))
        let bad = try await store.add("no\n")
        try await running(store, answerer) { queue in
            let first = try await queue.create(request(slow.id)).id
            let second = try await queue.create(request(fast.id)).id
            let third = try await queue.create(request(bad.id)).id
            // what is no good is told at once
            #expect(try await wait(queue, third).status == .failed)
            #expect(try await wait(queue, second) { $0.status == .running }.counts.total == 1)
            try await Task.sleep(for: .milliseconds(50))
            #expect(answerer.names.isEmpty)
            _ = try await queue.cancel(first.description)
            #expect(try await wait(queue, first).status == .cancelled)
            #expect(try await wait(queue, second).status == .completed)
        }
    }

    @Test func cancelledLinesSaySo() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a") + line("b") + line("c", prompt: "slow") + line("d", prompt: "slow"))
        try await running(store) { queue in
            let id = try await queue.create(request(input.id)).id
            _ = try await wait(queue, id) { $0.counts.completed == 2 }
            #expect(try await queue.cancel(id.description).status == .cancelling)
            let batch = try await wait(queue, id)
            #expect(batch.status == .cancelled && batch.counts == Batch.Counts(total: 4, completed: 2, failed: 2))
            let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
            #expect(json["cancelling_at"] is Int && json["cancelled_at"] is Int)
            let errors = try store.text(ItemID(json["error_file_id"] as? String ?? "", .file))
            #expect(try names(errors) == ["c", "d"])
            let error = try #require(try object(errors.split(separator: "\n")[0])["error"] as? [String: Any])
            #expect(error["code"] as? String == "batch_cancelled")
            let again = await #expect(throws: APIError.self) { try await queue.cancel(id.description) }
            #expect(again?.status == 409)
        }
    }

    @Test func waitingOnesCanBeCancelled() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a", prompt: "slow"))
        try await running(store) { queue in
            let first = try await queue.create(request(input.id)).id
            let second = try await queue.create(request(input.id)).id
            _ = try await queue.cancel(second.description)
            #expect(try await wait(queue, second).status == .cancelled)
            #expect(try await queue.batch(first.description).status != .cancelled)
            let inUse = #expect(throws: APIError.self) { try store.delete(input.id.description) }
            #expect(inUse?.status == 409)
        }
    }

    @Test func theWindowEnds() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a") + line("b", prompt: "slow"))
        var settings = BatchQueue.Settings.testing()
        settings.window = 4
        try await running(store, settings: settings) { queue in
            let first = try await queue.create(request(input.id)).id
            let second = try await queue.create(request(input.id)).id
            let batch = try await wait(queue, first)
            // a machine that is busy may not come to the first line in time
            let completed = batch.counts.completed
            #expect(batch.status == .expired && completed < 2)
            #expect(batch.counts == Batch.Counts(total: 2, completed: completed, failed: 2 - completed))
            let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
            #expect(try store.text(ItemID(json["error_file_id"] as? String ?? "", .file)).contains("batch_expired"))
            #expect(try await wait(queue, second).status == .expired)
        }
    }

    @Test func anotherModelDoesNotGoOn() async throws {
        let (id, store) = try await {
            let store = try scratch.store()
            let input = try await store.add(line("a") + line("b", prompt: "slow"))
            let id = try await running(store) { queue in
                let id = try await queue.create(request(input.id)).id
                _ = try await wait(queue, id) { $0.counts.completed == 1 }
                return id
            }
            return (id, store)
        }()
        try await running(store, settings: .testing(options: "another")) { queue in
            let batch = try await wait(queue, id)
            #expect(batch.status == .failed && batch.faults.map(\.code) == ["model_changed"])
            let json = try object(String(decoding: batch.json.serialized, as: UTF8.self))
            #expect(try names(store.text(ItemID(json["output_file_id"] as? String ?? "", .file))) == ["a"])
        }
    }

    /// Where a server ended between any two steps of making results files, the next does the rest.
    @Test(arguments: [false, true]) func publishesAgain(isMoved: Bool) async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a") + line("b", prompt: "bad"))
        let before = try await running(store) { queue in
            try await wait(queue, try await queue.create(request(input.id)).id)
        }
        let json = try object(String(decoding: before.json.serialized, as: UTF8.self))
        let output = try #require(json["output_file_id"] as? String)
        let folder = scratch.path("files")
        let record = URL(filePath: "\(folder)/\(before.id).json")
        let text = try String(contentsOf: record, encoding: .utf8)
        try text.replacing(#""status" : "completed""#, with: #""status" : "finalizing""#)
            .write(to: record, atomically: true, encoding: .utf8)
        if !isMoved {
            try FileManager.default.moveItem(atPath: "\(folder)/\(output)", toPath: "\(folder)/\(before.id).output")
            try FileManager.default.removeItem(atPath: "\(folder)/\(output).json")
        }
        let answerer = FakeAnswerer()
        try await running(store, answerer) { queue in
            #expect(try await queue.batch(before.id.description).status == .finalizing)
            let after = try await wait(queue, before.id)
            #expect(after.status == .completed && after.counts == before.counts)
            let json = try object(String(decoding: after.json.serialized, as: UTF8.self))
            #expect(json["output_file_id"] as? String == output)
            #expect(try names(store.text(ItemID(output, .file))) == ["a"])
            #expect(try names(store.text(ItemID(json["error_file_id"] as? String ?? "", .file))) == ["b"])
        }
        #expect(answerer.names.isEmpty)
    }

    @Test func aTakenInputFailsTheBatch() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a"))
        let queue = BatchQueue(store, answerer: FakeAnswerer(), settings: .testing())
        let id = try await queue.create(request(input.id)).id
        try FileManager.default.removeItem(atPath: scratch.path("files") + "/\(input.id)")
        try await running(store) { queue in
            let batch = try await wait(queue, id)
            #expect(batch.status == .failed && batch.faults.map(\.code) == ["file_not_found"])
        }
    }

    @Test func requestsAreChecked() async throws {
        let store = try scratch.store()
        let input = try await store.add(line("a"))
        let queue = BatchQueue(store, answerer: FakeAnswerer(), settings: .testing())
        for id in ["batch_none", "batch_000000000000000000000000", "../x"] {
            let error = await #expect(throws: APIError.self) { try await queue.batch(id) }
            #expect(error?.status == 404 && error?.code == "batch_not_found")
        }
        let good: [String: JSONValue] = [
            "input_file_id": .string(input.id.description), "endpoint": "/v1/completions", "completion_window": "24h",
        ]
        let many = JSONValue.object(
            Dictionary(uniqueKeysWithValues: (0..<17).map { ("\($0)", JSONValue.string("x")) }))
        for (name, value) in [
            ("input_file_id", nil), ("input_file_id", 7), ("input_file_id", "file-none"),
            ("input_file_id", "../../etc/passwd"), ("endpoint", nil), ("endpoint", "/v1/responses"),
            ("completion_window", nil), ("completion_window", "1h"), ("metadata", "x"), ("metadata", ["a": 1]),
            ("metadata", many), ("metadata", [String(repeating: "n", count: 65): "x"]),
            ("output_expires_after", ["anchor": "created_at", "seconds": 3600]),
        ] as [(String, JSONValue?)] {
            var body = good
            body[name] = value
            let error = await #expect(throws: APIError.self) {
                try await queue.create(try BatchRequest(.object(body), endpoints: BatchQueue.endpoints))
            }
            #expect([400, 404].contains(error?.status) && error?.param == name, "\(name): \(error?.message ?? "")")
        }
        #expect(await queue.all.isEmpty)
    }
}
