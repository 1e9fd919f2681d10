import BatchRunner
import Foundation
import Synchronization

/// Answers with the line's name; lines whose prompt says so are refused, or take until they are cancelled.
final class FakeAnswerer: BatchAnswering {
    private let isPatient: Bool
    private let seen = Mutex<[String]>([])

    /// - Parameter isPatient: whether slow lines are slow.
    init(isPatient: Bool = true) { self.isPatient = isPatient }

    var names: [String] { seen.withLock { $0 } }

    func answer(_ line: BatchLine) async -> BatchAnswer {
        let body = String(decoding: line.body, as: UTF8.self)
        if isPatient, body.contains("slow") {
            do { try await Task.sleep(for: .seconds(600)) } catch { return .cancelled }
        }
        seen.withLock { $0.append(line.customID) }
        return body.contains("bad") ? .refusal(message: "no") : .response(BatchResponse(body: Data("{}".utf8)))
    }
}
