/// What keeps a server from serving.
public enum ServerError: Error, Equatable, Sendable, CustomStringConvertible {
    case address(String, reason: String)
    case tlsFile(String, reason: String)

    public var description: String {
        switch self {
        case .address(let address, let reason):
            "cannot listen on \(address): \(reason). Choose another address (--host, --port)."
        case .tlsFile(let path, let reason):
            "\(path) is no good for TLS: \(reason). Give PEM files (--tls-cert, --tls-key)."
        }
    }
}
