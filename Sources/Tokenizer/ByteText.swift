/// Texts as ranges of bytes: hashing and comparing them eight bytes at a time.
enum ByteText {
    /// U+2581, which SentencePiece writes for a space.
    static let space: [UInt8] = [0xE2, 0x96, 0x81]

    /// How many bytes the character that begins with `lead` has; 1 for bytes that begin none.
    @inline(__always)
    static func characterLength(_ lead: UInt8) -> Int {
        switch lead {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }

    /// A hash in the manner of wyhash: multiply to 128 bits, fold the halves.
    @inline(__always)
    static func hash(_ bytes: RawSpan, _ start: Int, _ end: Int, seed: UInt64) -> UInt64 {
        let count = end - start
        var hash = seed ^ (UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15)
        if count >= 8 {
            var position = start
            while end - position > 8 {
                hash = fold(hash ^ load8(bytes, position))
                position += 8
            }
            return finish(fold(hash ^ load8(bytes, end - 8)))
        }
        if count >= 4 {
            let low = UInt64(load4(bytes, start))
            let high = UInt64(load4(bytes, end - 4))
            return finish(fold(hash ^ (low | high << 32)))
        }
        if count > 0 {
            let first = UInt64(load1(bytes, start))
            let middle = UInt64(load1(bytes, start + count / 2))
            let last = UInt64(load1(bytes, end - 1))
            return finish(fold(hash ^ (first | middle << 8 | last << 16)))
        }
        return finish(fold(hash))
    }

    /// Whether two ranges hold the same bytes.
    @inline(__always)
    static func equal(_ a: RawSpan, _ i: Int, _ iEnd: Int, _ b: RawSpan, _ j: Int, _ jEnd: Int) -> Bool {
        let count = iEnd - i
        guard count == jEnd - j else { return false }
        var position = 0
        while count - position >= 8 {
            guard load8(a, i + position) == load8(b, j + position) else { return false }
            position += 8
        }
        while position < count {
            guard load1(a, i + position) == load1(b, j + position) else { return false }
            position += 1
        }
        return true
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }

    @inline(__always)
    private static func finish(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xE703_7ED1_A0B4_28DB).multipliedFullWidth(by: 0x8EBC_6AF0_9C88_C6E3)
        return product.high ^ product.low
    }

    // The loads of RawSpan check their bounds; they are called unsafe only for types that have invalid bit patterns.
    @inline(__always)
    private static func load8(_ bytes: RawSpan, _ position: Int) -> UInt64 {
        bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
    }

    @inline(__always)
    private static func load4(_ bytes: RawSpan, _ position: Int) -> UInt32 {
        bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self)
    }

    @inline(__always)
    private static func load1(_ bytes: RawSpan, _ position: Int) -> UInt8 {
        bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }
}
