package import JSON

/// What is known of a file besides its content.
package struct StoredFile: Codable, Sendable, Equatable {
    package enum Purpose: String, Codable, Sendable {
        case batch
        case results = "batch_output"
    }

    package let id: ItemID
    package let bytes: Int
    /// Seconds since 1970.
    package let created: Int
    /// What its client calls it; no path has anything of it.
    package let filename: String
    package let purpose: Purpose

    /// The API's `file` object.
    package var json: JSONValue {
        [
            "id": .string(id.description), "object": "file", "bytes": .integer(bytes), "created_at": .integer(created),
            "expires_at": nil, "filename": .string(filename), "purpose": .string(purpose.rawValue),
            "status": "processed", "status_details": nil,
        ]
    }
}
