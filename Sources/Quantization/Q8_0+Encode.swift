extension Q8_0: IndependentBlock {
    /// code = x / d, halves away from zero, under d = largest / 127. Importance changes nothing.
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let d = block.reduce(0) { $0 > $1.magnitude ? $0 : $1.magnitude } / 127
        // A d so small that it has no inverse is 0 as a half float: so are the codes.
        let inverse = (1 / d).isFinite ? 1 / d : 0
        var bytes: [UInt8] = []
        bytes.append(half: half(d))
        bytes += block.map { x in
            UInt8(bitPattern: Int8((x * inverse).rounded(.toNearestOrAwayFromZero).clamped(to: -128...127)))
        }
        return bytes
    }
}
