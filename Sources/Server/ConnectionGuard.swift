import HTTPTypes
import JSON
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import OpenAI

/// Closes connections whose clients are too slow, and tells the running request when its client is gone.
///
/// A client may take a limited time to send a whole head, counted from the connection's opening or the end of the
/// answer before, a limited time for each MiB of the body after it, and as long to take what is written. So neither
/// silence nor single bytes now and then hold a connection. Once the client has closed its side it counts as gone, even
/// where it could still read. What is not HTTP is refused here, since it never reaches a route.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let timeout: TimeAmount
    private var state: ConnectionState?
    private var reading: Scheduled<Void>?
    private var writing: Scheduled<Void>?
    /// Requests whose answer is not complete.
    private var running = 0
    /// Bytes of a body since the time was last set anew.
    private var received = 0
    private static let portion = 1 << 20

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        state = ConnectionState.add(context.channel)
        expect(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        reading?.cancel()
        writing?.cancel()
        state?.close()
        ConnectionState.remove(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            running += 1
            if running == 1, head.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            received = 0
            expect(context)
        case .body(let buffer):
            received += buffer.readableBytes
            if received >= Self.portion {
                received = 0
                expect(context)
            }
        case .end: reading?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational: break
        case .end:
            running -= 1
            if running == 0 { expect(context) }
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writing?.cancel()
        writing = context.channel.isWritable ? nil : closing(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { state?.close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        reading?.cancel()
        writing?.cancel()
        state?.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state?.close()
        // where a request runs, it is answered by whoever reads its body
        guard running == 0, let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        refuse(APIError(error), context)
    }

    /// Answers what never became a request, and closes.
    private func refuse(_ error: APIError, _ context: ChannelHandlerContext) {
        let body = ByteBuffer(bytes: error.body.serialized)
        var head = HTTPResponse(status: .init(code: error.status))
        head.headerFields[.contentType] = "application/json; charset=utf-8"
        head.headerFields[.contentLength] = "\(body.readableBytes)"
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    /// The client has the time from now on.
    private func expect(_ context: ChannelHandlerContext) {
        reading?.cancel()
        reading = closing(context)
    }

    private func closing(_ context: ChannelHandlerContext) -> Scheduled<Void> {
        let channel = context.channel
        return context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }
}
