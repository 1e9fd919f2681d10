import HTTPTypes

/// The routes that exist, so that a wrong method can be told from a wrong path.
struct RouteTable: Sendable {
    private(set) var methods: [String: [String]] = [:]

    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        methods[path, default: []].append(method.rawValue)
    }

    /// Methods that `path` takes; none where it does not exist.
    func methods(of path: String) -> [String] {
        if let known = methods[path] { return known }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return methods.first { entry in
            let pattern = entry.key.split(separator: "/", omittingEmptySubsequences: false)
            if pattern.last == "**" { return parts.count >= pattern.count && parts.starts(with: pattern.dropLast()) }
            return pattern.count == parts.count
                && zip(pattern, parts).allSatisfy { $0.first == "{" || $0.first == ":" || $0 == $1 }
        }?.value ?? []
    }
}
