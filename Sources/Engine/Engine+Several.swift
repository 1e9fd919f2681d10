extension Engine {
    /// Runs several requests, at most `atOnce` of them at a time, so that those of others have their turn in between.
    ///
    /// - Parameter onEvent: called on the engine's thread, with the number of the request.
    /// - Returns: their results, in the order of the requests.
    /// Throws: `EngineError`, the first one; the other requests end with it.
    public func run(
        _ requests: [EngineRequest], atOnce: Int,
        onEvent: @escaping @Sendable (EngineEvent, Int) -> Void = { _, _ in }
    ) async throws -> [EngineResult] {
        try await withThrowingTaskGroup(of: (Int, EngineResult).self) { group in
            var rest = requests.enumerated().makeIterator()
            func addNext() {
                guard let (index, request) = rest.next() else { return }
                group.addTask { (index, try await self.run(request) { onEvent($0, index) }) }
            }
            for _ in 0..<min(max(atOnce, 1), requests.count) { addNext() }
            var results: [Int: EngineResult] = [:]
            for try await (index, result) in group {
                results[index] = result
                addNext()
            }
            return requests.indices.compactMap { results[$0] }
        }
    }
}
