public import JSON

extension APIError {
    /// What a body that cannot be read is to a client: status 413 for too many bytes and 400 for all else.
    public init(_ error: JSONError) {
        self =
            switch error {
            case .tooLarge(let limit): .bodyTooLarge(limit: limit)
            case .fault(let what, let byte):
                .invalid("The body is not a JSON object that can be read: byte \(byte) has \(what).")
            }
    }
}
