/// Finds the tokens that are taken out of a text before anything is merged.
///
/// The longest token is sought first in the whole text, the leftmost occurrence first, then the next longest in what is
/// left; tokens of one length in the order of their ids. Done literally that is one pass over the text for each of some
/// hundred tokens. Here one pass finds the longest token at each position, and a queue settles those that overlap.
package struct SpecialTokenSplitter: Sendable {
    package struct Match: Equatable, Sendable {
        package let start: Int
        package let end: Int
        package let token: TokenID

        package init(start: Int, end: Int, token: TokenID) {
            self.start = start
            self.end = end
            self.token = token
        }
    }

    /// Longer special tokens are refused, so that a pass is linear in the text.
    static let limit = 256

    /// A tree of all texts sought, byte by byte; node 0 is the root.
    private var nodes = [Node(byte: 0)]
    /// The node for each first byte; 0 where no token begins so.
    private var roots = [Int32](repeating: 0, count: 256)
    private var isEmpty = true

    private struct Node {
        let byte: UInt8
        var token: TokenID = -1
        var child: Int32 = 0
        var sibling: Int32 = 0
    }

    /// Seeks user-defined tokens, and `withControl` those that are not text as well.
    package init(_ vocabulary: Vocabulary, withControl: Bool) {
        for id in 0..<TokenID(vocabulary.count) {
            switch vocabulary.kind(id) {
            case .userDefined: insert(vocabulary.text(id), id)
            case .control, .unknown: if withControl { insert(vocabulary.text(id), id) }
            case .normal, .unused, .byte: continue
            }
        }
    }

    private mutating func insert(_ text: ArraySlice<UInt8>, _ id: TokenID) {
        guard let first = text.first, text.count <= Self.limit else { return }
        isEmpty = false
        if roots[Int(first)] == 0 {
            nodes.append(Node(byte: first))
            roots[Int(first)] = Int32(nodes.count - 1)
        }
        var node = Int(roots[Int(first)])
        for byte in text.dropFirst() {
            var next = Int(nodes[node].child)
            while next != 0, nodes[next].byte != byte { next = Int(nodes[next].sibling) }
            if next == 0 {
                next = nodes.count
                nodes.append(Node(byte: byte, sibling: nodes[node].child))
                nodes[node].child = Int32(next)
            }
            node = next
        }
        nodes[node].token = id
    }

    /// The longest token that begins at `start` and ends no later than `end`.
    func longest(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Match? {
        guard start < end else { return nil }
        var node = Int(roots[Int(text[start])])
        var position = start
        var best: Match?
        while node != 0 {
            position += 1
            if nodes[node].token >= 0 { best = Match(start: start, end: position, token: nodes[node].token) }
            guard position < end else { break }
            let byte = text[position]
            node = Int(nodes[node].child)
            while node != 0, nodes[node].byte != byte { node = Int(nodes[node].sibling) }
        }
        return best
    }

    /// All tokens to be taken out of `text`, in order.
    /// - Complexity: O(n log n) for n bytes of text.
    package func matches(in text: Span<UInt8>) -> [Match] {
        guard !isEmpty else { return [] }
        var taken: [Match] = []
        var cluster: [Match] = []
        var clusterEnd = 0
        for position in 0..<text.count where roots[Int(text[position])] != 0 {
            guard let match = longest(text, position, text.count) else { continue }
            if match.start >= clusterEnd {
                settle(&cluster, text, into: &taken)
            }
            cluster.append(match)
            clusterEnd = max(clusterEnd, match.end)
        }
        settle(&cluster, text, into: &taken)
        return taken
    }
}
