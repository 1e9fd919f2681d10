import BatchRunner
package import JSON

/// A batch as it is kept on disk, and told to clients.
package struct Batch: Codable, Sendable, Equatable {
    package enum Status: String, Codable, Sendable {
        case validating, failed, finalizing, completed, expired, cancelling, cancelled
        case running = "in_progress"

        package var isFinal: Bool {
            switch self {
            case .completed, .failed, .expired, .cancelled: true
            case .validating, .running, .finalizing, .cancelling: false
            }
        }
    }

    package struct Counts: Codable, Sendable, Equatable {
        package var total: Int
        package var completed: Int
        package var failed: Int

        package init(total: Int = 0, completed: Int = 0, failed: Int = 0) {
            (self.total, self.completed, self.failed) = (total, completed, failed)
        }
    }

    /// Why the batch failed.
    package struct Fault: Codable, Sendable, Equatable {
        package var code: String
        package var message: String
        package var param: String?
        package var line: Int?
    }

    package let id: ItemID
    package let endpoint: String
    package let inputFile: ItemID
    package let metadata: [String: String]?
    /// Seconds since 1970, as all times.
    package let created: Int
    package let expires: Int
    package private(set) var status = Status.validating
    /// When it came to its other states, by their names.
    private var times: [String: Int] = [:]
    package var counts = Counts()
    package var faults: [Fault] = []
    /// What it comes to once its results are files; from then on no line is run.
    var ending: Status?
    var outputFile: ItemID?
    var errorFile: ItemID?

    init(id: ItemID, endpoint: String, inputFile: ItemID, metadata: [String: String]?, created: Int, window: Int) {
        self.id = id
        self.endpoint = endpoint
        self.inputFile = inputFile
        self.metadata = metadata
        self.created = created
        expires = created + window
    }

    mutating func become(_ status: Status) {
        self.status = status
        times[status.rawValue] = UnixTime.now
    }

    /// The API's `batch` object. Files of results are told once they are there.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id.description), "object": "batch", "endpoint": .string(endpoint), "model": nil,
            "errors": faults.isEmpty ? nil : ["object": "list", "data": .array(faults.map(\.json))],
            "input_file_id": .string(inputFile.description), "completion_window": "24h",
            "status": .string(status.rawValue),
            "output_file_id": JSONValue(status.isFinal ? outputFile?.description : nil),
            "error_file_id": JSONValue(status.isFinal ? errorFile?.description : nil),
            "created_at": .integer(created), "expires_at": .integer(expires),
            "request_counts": [
                "total": .integer(counts.total), "completed": .integer(counts.completed),
                "failed": .integer(counts.failed),
            ],
            "usage": nil,
            "metadata": metadata.map { .object($0.mapValues { .string($0) }) } ?? .null,
        ]
        for status in [Status.running, .finalizing, .completed, .failed, .expired, .cancelling, .cancelled] {
            members[status.rawValue + "_at"] = times[status.rawValue].map { .integer($0) } ?? .null
        }
        return .object(members)
    }
}

extension Batch.Fault {
    fileprivate var json: JSONValue {
        [
            "code": .string(code), "message": .string(message), "param": JSONValue(param),
            "line": line.map { .integer($0) } ?? .null,
        ]
    }
}
