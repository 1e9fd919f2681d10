import BatchRunner
import Foundation
import Synchronization
import SystemPackage

/// Answers with what the line says, after a while that depends on the line.
struct FakeAnswerer: BatchAnswering {
    let delay: @Sendable (Int) -> Duration
    let answer: @Sendable (BatchLine) -> BatchAnswer
    let seen = Seen()

    final class Seen: Sendable {
        private let ids = Mutex<(all: [String], running: Int, peak: Int)>(([], 0, 0))
        var all: [String] { ids.withLock { $0.all } }
        /// The most lines at once.
        var peak: Int { ids.withLock { $0.peak } }

        func begin(_ id: String) {
            ids.withLock {
                $0.all.append(id)
                $0.running += 1
                $0.peak = max($0.peak, $0.running)
            }
        }

        func end() { ids.withLock { $0.running -= 1 } }
    }

    init(
        delay: @escaping @Sendable (Int) -> Duration = { _ in .zero },
        _ answer: @escaping @Sendable (BatchLine) -> BatchAnswer = { .response(Self.response($0)) }
    ) {
        self.delay = delay
        self.answer = answer
    }

    func answer(_ line: BatchLine) async -> BatchAnswer {
        seen.begin(line.customID)
        defer { seen.end() }
        do { try await Task.sleep(for: delay(line.number)) } catch { return .cancelled }
        return answer(line)
    }

    static func response(_ line: BatchLine) -> BatchResponse {
        let body = #"{"created":\#(line.created),"of":"\#(line.number)","bytes":\#(line.body.count)}"#
        return BatchResponse(body: Data(body.utf8), promptTokens: 10, cachedTokens: 4, generatedTokens: 2)
    }
}

/// A failing write: what is written all the same, and the reason.
struct Errors {
    var kept = 0
    var reason = Errno.noSpace
}

final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
