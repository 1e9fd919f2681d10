/// A nondeterministic machine over bytes, in which parts call each other as procedures do.
///
/// A part returns where one of its states is an end, so that schemas may refer to themselves. Whatever the machine has
/// taken so far can be brought to an end: states that lead nowhere are known by their `height`.
struct Machine: Sendable, Equatable {
    /// Takes one byte out of a range.
    struct ByteEdge: Sendable, Equatable {
        let range: ClosedRange<UInt8>
        let target: Int32
        /// Where to go on when the part that `target` belongs to returns; `none` stays in the same part.
        let resume: Int32
    }

    /// Takes nothing.
    struct SilentEdge: Sendable, Equatable {
        let target: Int32
        /// Where to go on when the part called returns; `none` for an edge within one part.
        let resume: Int32
        /// Whether what is called stands inside another array or object.
        let isNested: Bool
    }

    struct State: Sendable, Equatable {
        var bytes: [ByteEdge] = []
        var silent: [SilentEdge] = []
        /// Whether the part may return here.
        var isEnd = false
        /// Characters without escapes that may follow here, whatever they are; `Int.max` for any number.
        var freeCharacters = 0
        /// Fewest levels of nesting that any way to the end of the part takes; `unreachable` where there is none.
        var height = unreachable
    }

    static let none: Int32 = -1
    static let unreachable = 1 << 20
    /// Levels of arrays and objects within each other, as most that readers take.
    static let maxDepth = 64

    var states: [State] = []
    var start: Int32 = 0

    subscript(state: Int32) -> State {
        get { states[Int(state)] }
        set { states[Int(state)] = newValue }
    }
}

extension Machine {
    /// Finds the height of every state.
    ///
    /// Complexity: O(edges × `maxDepth`).
    mutating func settleHeights() {
        var dependents = [[Int32]](repeating: [], count: states.count)
        for (index, state) in states.enumerated() {
            for edge in state.bytes {
                dependents[Int(edge.target)].append(Int32(index))
                if edge.resume >= 0 { dependents[Int(edge.resume)].append(Int32(index)) }
            }
            for edge in state.silent {
                dependents[Int(edge.target)].append(Int32(index))
                if edge.resume >= 0 { dependents[Int(edge.resume)].append(Int32(index)) }
            }
        }
        var waiting = states.indices.map { Int32($0) }
        var isWaiting = [Bool](repeating: true, count: states.count)
        while let index = waiting.popLast() {
            isWaiting[Int(index)] = false
            let height = shortest(from: self[index])
            guard height < self[index].height else { continue }
            self[index].height = height
            for dependent in dependents[Int(index)] where !isWaiting[Int(dependent)] {
                isWaiting[Int(dependent)] = true
                waiting.append(dependent)
            }
        }
    }

    private func shortest(from state: State) -> Int {
        if state.isEnd { return 0 }
        var least = Self.unreachable
        for edge in state.bytes {
            least = min(least, max(self[edge.target].height, edge.resume >= 0 ? self[edge.resume].height : 0))
        }
        for edge in state.silent {
            let inner = self[edge.target].height + (edge.isNested ? 1 : 0)
            least = min(least, max(inner, edge.resume >= 0 ? self[edge.resume].height : 0))
        }
        return least
    }
}
