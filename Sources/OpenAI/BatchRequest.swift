package import JSON

/// The body of `POST /v1/batches`.
package struct BatchRequest: Sendable, Equatable {
    package let inputFile: String
    /// The url of all lines.
    package let endpoint: String
    package let metadata: [String: String]?

    /// - Parameter endpoints: those that there are.
    /// Throws: `APIError` with status 400.
    package init(_ body: JSONValue, endpoints: [String]) throws(APIError) {
        let fields = try Fields(body)
        guard let file = try fields.string("input_file_id") else { throw fields.missing("input_file_id") }
        inputFile = file
        guard let endpoint = try fields.string("endpoint") else { throw fields.missing("endpoint") }
        guard endpoints.contains(endpoint) else {
            throw fields.wrong(
                "endpoint", "is \(APIError.shown(endpoint)), where \(endpoints.joined(separator: ", ")) are possible.")
        }
        self.endpoint = endpoint
        guard let window = try fields.string("completion_window") else { throw fields.missing("completion_window") }
        guard window == "24h" else {
            throw fields.wrong("completion_window", "is \(APIError.shown(window)), where 24h is possible.")
        }
        guard fields["output_expires_after"] == nil else {
            throw fields.wrong(
                "output_expires_after", "is not supported: files stay until they are deleted. Leave it out.")
        }
        metadata = try fields["metadata"].map { value throws(APIError) in try Self.metadata(value, fields) }
    }

    private static func metadata(_ value: JSONValue, _ fields: Fields) throws(APIError) -> [String: String] {
        guard case .object(let members) = value else {
            throw fields.wrongType("metadata", value, expected: "an object")
        }
        guard members.count <= 16 else {
            throw fields.wrong("metadata", "has \(members.count) members, and 16 are the most.")
        }
        var texts: [String: String] = [:]
        for name in members.names {
            guard name.unicodeScalars.count <= 64 else {
                throw fields.wrong("metadata", "has a name of more than 64 characters.")
            }
            guard let text = members[name]?.string, text.unicodeScalars.count <= 512 else {
                throw fields.wrong("metadata", "has a member that is no string of at most 512 characters.")
            }
            texts[name] = text
        }
        return texts
    }
}
