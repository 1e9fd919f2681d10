import Foundation
import TestSupport
import Testing

extension ServerProcess {
    func json(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> [String: Any] {
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        let answer = try await ask(method, path, data.map { String(decoding: $0, as: UTF8.self) })
        var members = try object(answer.text)
        members["status_code"] = answer.status
        return members
    }

    func upload(_ text: String, purpose: String = "batch") async throws -> (status: Int, json: [String: Any]) {
        let form = """
            --xyz\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\(purpose)\r\n--xyz\r\n\
            Content-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\(text)\r\n--xyz--\r\n
            """
        let answer = try await ask(
            "POST", "/v1/files", form, headers: ["Content-Type: multipart/form-data; boundary=xyz"])
        return (answer.status, try object(answer.text))
    }
}
