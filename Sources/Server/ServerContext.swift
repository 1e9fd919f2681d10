import Hummingbird
import Logging
import NIOCore

/// What a route knows besides the request.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let arrival = ContinuousClock.now
    /// Names the request in logs and in the response's `x-request-id`.
    var requestID = ""
    let connection: ConnectionState?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = ConnectionState.of(source.channel)
    }
}
