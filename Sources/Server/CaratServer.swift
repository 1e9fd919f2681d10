import Batches
public import Engine
public import Gemma
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
public import OpenAI
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An OpenAI-compatible HTTP server over one engine.
public struct CaratServer: Sendable {
    private let model: ServedModel
    private let gemma: GemmaModel
    private let runner: RequestRunner
    private let settings: ServerSettings
    private let fingerprint: String

    /// - Parameters:
    ///   - parallel: generations that `engine` runs at once.
    ///   - fingerprint: changes with whatever may change results.
    public init(
        _ gemma: GemmaModel, served model: ServedModel, engine: Engine, parallel: Int, fingerprint: String,
        settings: ServerSettings
    ) {
        self.gemma = gemma
        self.model = model
        self.settings = settings
        self.fingerprint = fingerprint
        runner = RequestRunner(
            engine: engine, registry: RequestRegistry(parallel: parallel, queue: settings.queue),
            metrics: ServerMetrics(), timeout: settings.requestTimeout)
    }

    /// Serves until the task is cancelled; then takes no more requests, gives those that run some time, and returns.
    ///
    /// - Parameter onReady: gets the port once connections are taken.
    /// Throws: `ServerError` where the address can't be had or a TLS file is no good.
    public func run(onReady: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let batches = BatchService(
            gemma, served: model, runner: runner, fingerprint: fingerprint, settings: settings)
        if settings.host.hasPrefix("/") { try SocketFile.check(settings.host) }
        let application = try application(batches, onReady)
        let batching = Task { await batches.queue?.run() }
        let drain = DrainService(
            registry: runner.registry, timeout: settings.drainTimeout, logger: settings.logger,
            onDrain: { batching.cancel() })
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: application),
                .init(service: drain, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            logger: settings.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(settings.drainTimeout + 5)
        let group = ServiceGroup(configuration: configuration)
        // cancelled itself, it would end at once
        let running = Task { try await group.run() }
        defer { runner.engine.flushCache() }
        let outcome: Result<Void, any Error>
        do {
            try await withTaskCancellationHandler {
                try await running.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        // its results are to be on disk
        batching.cancel()
        await batching.value
        do {
            try outcome.get()
        } catch let error as IOError {
            throw ServerError.address(settings.address, reason: Self.reason(error))
        } catch let error as SocketAddressError.UnknownHost {
            let reason =
                error.host.contains("/")
                ? "a socket's path begins with /" : "no address of that name is known (\(error.errorDescription))"
            throw ServerError.address(settings.address, reason: reason)
        }
    }

    private static func reason(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    private func application(
        _ batches: BatchService, _ onReady: @escaping @Sendable (Int) -> Void
    ) throws -> some ApplicationProtocol {
        var connections = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(timeout: .milliseconds(Int64(settings.clientTimeout * 1000)))])
        connections.httpDecoder = .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 256)
        var server = HTTPServerBuilder.http1(configuration: connections)
        if let tls = settings.tls { server = try .tls(server, tlsConfiguration: try Self.tls(tls)) }
        return Application(
            router: Routes(
                model: model, file: gemma.file, runner: runner, batches: batches, settings: settings,
                fingerprint: fingerprint
            ).router(),
            server: server,
            configuration: ApplicationConfiguration(
                address: settings.host.hasPrefix("/")
                    ? .unixDomainSocket(path: settings.host) : .hostname(settings.host, port: settings.port),
                serverName: "carat",
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connections)),
            onServerRunning: { channel in onReady(channel.localAddress?.port ?? 0) },
            logger: settings.logger)
    }

    private static func tls(_ files: (certificates: String, key: String)) throws -> TLSConfiguration {
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificates).map { .certificate($0) }
        } catch {
            throw ServerError.tlsFile(files.certificates, reason: "\(error)")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw ServerError.tlsFile(files.key, reason: "\(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }
}
