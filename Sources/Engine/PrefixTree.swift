internal import Compute
internal import KVStore
internal import Tokenizer

/// What was computed, as a tree of blocks: a path from the root is a text, and texts with the same beginning share it.
///
/// Tokens are compared themselves, never a hash alone. Nodes that no running sequence holds are kept until others need
/// their room, the least recently used first.
final class PrefixTree {
    class Level {
        fileprivate(set) var children: [[TokenID]: Node] = [:]
    }

    /// A block after its parent's. Only full blocks have children.
    final class Node: Level {
        let tokens: [TokenID]
        let block: KVBlock
        fileprivate weak var parent: Level?
        /// Running sequences that hold it.
        fileprivate(set) var users = 0
        fileprivate var lastUse = 0
        /// Its name on disk, where blocks are kept there.
        var key: KVKey?

        fileprivate init(_ tokens: [TokenID], _ block: KVBlock, parent: Level) {
            self.tokens = tokens
            self.block = block
            self.parent = parent
        }
    }

    /// The longest beginning that is there: whole blocks, then part of another.
    struct Match {
        var nodes: [Node] = []
        var tail: (node: Node, positions: Int)?

        var positions: Int { nodes.count * KVBlock.positions + (tail?.positions ?? 0) }

        /// Its first `count` positions.
        func prefix(_ count: Int) -> Match {
            precondition(count <= positions, "\(count) of \(positions) positions")
            let (full, rest) = count.quotientAndRemainder(dividingBy: KVBlock.positions)
            var match = Match(nodes: Array(nodes.prefix(full)))
            if rest > 0 { match.tail = (full < nodes.count ? nodes[full] : tail?.node).map { ($0, rest) } }
            return match
        }
    }

    let root = Level()
    /// Nodes that no running sequence holds.
    private(set) var unused = 0
    private(set) var count = 0
    private var clock = 0

    /// - Parameter limit: most positions to match.
    func match(_ tokens: [TokenID], limit: Int) -> Match {
        var match = Match()
        var level = root
        var position = 0
        while limit - position >= KVBlock.positions,
            let node = level.children[Array(tokens[position..<position + KVBlock.positions])]
        {
            match.nodes.append(node)
            level = node
            position += KVBlock.positions
        }
        let rest = tokens[position..<max(position, limit)]
        for node in level.children.values {
            let common = zip(node.tokens, rest).prefix { $0 == $1 }.count
            if common > match.tail?.positions ?? 0 { match.tail = (node, common) }
        }
        return match
    }

    /// Adds the block of `tokens` after `parent`; gives the node that is there already, if there is one.
    func insert(_ tokens: [TokenID], _ block: KVBlock, after parent: Level) -> Node {
        if let node = parent.children[tokens] {
            touch(node)
            return node
        }
        let isPartial = tokens.count < KVBlock.positions
        for node in parent.children.values where node.tokens.count != tokens.count {
            if isPartial, node.tokens.starts(with: tokens) {
                touch(node)
                return node
            }
            // what it holds is the beginning of the new one
            if node.tokens.count < tokens.count, node.users == 0, tokens.starts(with: node.tokens) { remove(node) }
        }
        let node = Node(tokens, block, parent: parent)
        parent.children[tokens] = node
        count += 1
        unused += 1
        touch(node)
        return node
    }

    /// A running sequence begins to hold `node`.
    func retain(_ node: Node) {
        if node.users == 0 { unused -= 1 }
        node.users += 1
        touch(node)
    }

    func release(_ node: Node) {
        precondition(node.users > 0, "a node that nobody holds")
        node.users -= 1
        if node.users == 0 { unused += 1 }
    }

    /// Forgets the end of a text that was not used for the longest time; false when everything is in use.
    func evict() -> Bool {
        var oldest: Node?
        var levels: [Level] = [root]
        while let level = levels.popLast() {
            for node in level.children.values {
                levels.append(node)
                guard node.users == 0, node.children.isEmpty else { continue }
                if node.lastUse < oldest?.lastUse ?? .max { oldest = node }
            }
        }
        guard let oldest else { return false }
        remove(oldest)
        return true
    }

    private func remove(_ node: Node) {
        node.parent?.children[node.tokens] = nil
        count -= 1
        unused -= 1
    }

    private func touch(_ node: Node) {
        clock += 1
        node.lastUse = clock
    }
}
