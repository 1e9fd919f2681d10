import HTTPTypes

/// Header names that HTTPTypes does not list.
enum FieldNames {
    static let requestID = name("x-request-id")
    static let shouldRetry = name("x-should-retry")
    static let accelBuffering = name("x-accel-buffering")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no name of a header") }
        return name
    }
}
