public import CoreMetrics
import Synchronization

/// Collects metrics, and writes them as text that Prometheus reads.
///
/// Labels keep their names but for characters that Prometheus does not know; timers become histograms in seconds, recorders
/// histograms in their own unit. More series than `maxSeries` are not kept, so that nothing outside can make them grow.
public final class PrometheusMetrics: MetricsFactory {
    public static let maxSeries = 2000

    struct Key: Hashable, Comparable {
        let name: String
        let labels: String

        static func < (a: Key, b: Key) -> Bool { (a.name, a.labels) < (b.name, b.labels) }
    }

    enum Series {
        case counter(PrometheusCounter)
        case gauge(PrometheusGauge)
        case histogram(PrometheusHistogram)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private let series = Mutex<[Key: Series]>([:])
    private let help: [String: String]
    private let buckets: [String: [Double]]

    /// - Parameters:
    ///   - help: what the metrics of some names are.
    ///   - buckets: upper bounds of the histograms of some names.
    public init(help: [String: String] = [:], buckets: [String: [Double]] = [:]) {
        self.help = help
        self.buckets = buckets
    }

    /// Text in version 0.0.4 of the exposition format.
    public var text: String {
        let all = series.withLock { $0.sorted { $0.key < $1.key } }
        var lines: [String] = []
        var name = ""
        for (key, series) in all {
            if key.name != name {
                name = key.name
                if let help = help[name] { lines.append("# HELP \(name) \(help)") }
                lines.append("# TYPE \(name) \(series.type)")
            }
            switch series {
            case .counter(let counter): lines.append("\(name)\(braced(key.labels)) \(counter.value)")
            case .gauge(let gauge): lines.append("\(name)\(braced(key.labels)) \(Self.number(gauge.value))")
            case .histogram(let histogram): lines += histogram.lines(name, labels: key.labels)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = Self.key(label, suffix: "_total", dimensions)
        return series.withLock { all in
            if case .counter(let known)? = all[key] { return known }
            let made = PrometheusCounter()
            if all.count < Self.maxSeries { all[key] = .counter(made) }
            return made
        }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(Self.key(label, suffix: "", dimensions))
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let key = Self.key(label, suffix: "", dimensions)
        return aggregate ? histogram(key) : gauge(key)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(Self.key(label, suffix: "_seconds", dimensions))
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: any AnyObject) {
        series.withLock { all in
            all = all.filter { entry in
                switch entry.value {
                case .counter(let counter): counter !== handler
                case .gauge(let gauge): gauge !== handler
                case .histogram(let histogram): histogram !== handler
                }
            }
        }
    }

    private func gauge(_ key: Key) -> PrometheusGauge {
        series.withLock { all in
            if case .gauge(let known)? = all[key] { return known }
            let made = PrometheusGauge()
            if all.count < Self.maxSeries { all[key] = .gauge(made) }
            return made
        }
    }

    private func histogram(_ key: Key) -> PrometheusHistogram {
        series.withLock { all in
            if case .histogram(let known)? = all[key] { return known }
            let made = PrometheusHistogram(bounds: buckets[key.name] ?? PrometheusHistogram.seconds)
            if all.count < Self.maxSeries { all[key] = .histogram(made) }
            return made
        }
    }

    private static func key(_ label: String, suffix: String, _ dimensions: [(String, String)]) -> Key {
        var name = safe(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = dimensions.map { "\(safe($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",")
        return Key(name: name, labels: labels)
    }

    private static func safe(_ name: String) -> String {
        String(
            name.unicodeScalars.enumerated().map { index, scalar -> Character in
                let isLetter = scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_")
                return isLetter || (index > 0 && ("0"..."9").contains(scalar)) ? Character(scalar) : "_"
            })
    }

    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }.joined()
    }
}
