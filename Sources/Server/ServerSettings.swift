public import Logging

/// How a server listens, and what it lets through.
public struct ServerSettings: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes any free one.
    public var port = 8080
    /// Keys of which a client has to send one; where there are none, all may come in.
    public var apiKeys: [String] = []
    /// PEM files.
    public var tls: (certificates: String, key: String)?
    /// Origins of pages that browsers let read answers; `*` is any.
    public var corsOrigins: [String] = []
    /// Generations that may wait besides those that run.
    public var queue = 64
    /// Bytes of a request's body.
    public var bodyLimit = 16 << 20
    /// Connections open at once; more wait at the door.
    public var connections = 1024
    /// Seconds from a request's arrival to the end of its answer; nil sets no limit.
    public var requestTimeout: Double?
    /// Seconds that a client may take for its next request's head, its body, and to take what is written to it.
    public var clientTimeout = 60.0
    /// Seconds between the comments that keep a silent stream open.
    public var pingInterval = 10.0
    /// Seconds that running requests have to end after SIGTERM.
    public var drainTimeout = 30.0
    /// Folder of the files of `/v1/files` and of batches; nil has neither.
    public var filesFolder: String?
    /// Bytes that all files may have together.
    public var filesLimit = 4 << 30
    /// Lines of a batch that are answered at once.
    public var batchLines = 4
    /// The JSON of `/plan`.
    public var plan: [UInt8] = []
    public var logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    var address: String { host.hasPrefix("/") ? host : "\(host):\(port)" }

    /// Whether only this machine can reach the server.
    public var isLocal: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.") || host.hasPrefix("/")
    }
}
