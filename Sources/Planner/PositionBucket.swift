/// Numbers of positions that share a choice: 1, 2, 3-4, 5-8, ... 257-512, and more.
public struct PositionBucket: Sendable, Hashable {
    public let index: Int

    public static let count = 11
    public static let all = (0..<count).map { PositionBucket(index: $0) }

    private init(index: Int) { self.index = index }

    /// The bucket of `n` positions. Complexity: O(1).
    public init(_ n: Int) {
        precondition(n >= 1, "\(n) positions")
        index = min(Self.count - 1, Int.bitWidth - (n - 1).leadingZeroBitCount)
    }

    public var lowerBound: Int { index == 0 ? 1 : 1 << (index - 1) + 1 }
    /// nil for the last.
    public var upperBound: Int? { index == Self.count - 1 ? nil : 1 << index }

    /// The number of positions that the choice is made for: the middle, in a prefill's favour.
    var typical: Int { upperBound.map { (lowerBound + $0 + 1) / 2 } ?? 1024 }
}
