/// The bytes of a vocabulary's tokens as a tree, so that tokens which begin alike are looked at once.
///
/// Nodes stand in the order of a walk that goes down first; `skip` leads past all below a node.
struct VocabularyTrie: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var depths: [Int32] = []
    private(set) var skip: [Int32] = []
    /// Where the tokens that end at a node begin in `tokens`; one more than there are nodes.
    private(set) var firstToken: [Int32] = []
    private(set) var tokens: [Int32] = []

    /// - Parameter pieces: tokens with their bytes, in the order of the bytes; none of them empty.
    init(sorted pieces: [(token: Int32, bytes: ArraySlice<UInt8>)]) {
        var open: [Int] = []
        var last: ArraySlice<UInt8> = []
        tokens.reserveCapacity(pieces.count)
        for piece in pieces {
            var common = 0
            for (one, other) in zip(piece.bytes, last) {
                guard one == other else { break }
                common += 1
            }
            while open.count > common { skip[open.removeLast()] = Int32(bytes.count) }
            for byte in piece.bytes.dropFirst(common) {
                open.append(bytes.count)
                depths.append(Int32(open.count - 1))
                bytes.append(byte)
                skip.append(0)
                firstToken.append(Int32(tokens.count))
            }
            tokens.append(piece.token)
            last = piece.bytes
        }
        while let node = open.popLast() { skip[node] = Int32(bytes.count) }
        firstToken.append(Int32(tokens.count))
    }
}
