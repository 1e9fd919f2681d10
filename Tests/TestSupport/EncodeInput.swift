/// Rows that an encoder may find hard, and importances, the same each time.
///
/// The same in numpy, for goldens of another implementation:
/// ```python
/// def rows(columns):                                  # splitmix: see DequantizeFixtures.swift
///     r, f, out = splitmix(11), np.float32, np.zeros((6, columns), np.float32)
///     for row in range(6):
///         for i in range(columns):
///             v = f((next(r) >> 40) * 2**-24 - 0.5); k = next(r) >> 58
///             out[row, i] = [v, v*v*v, v + f(3), -abs(v) - f(1), v if k % 16 == 0 else f(0), v * f(2.0**-int(k % 40))][row]
///     r, importance = splitmix(12), np.zeros(columns, f)
///     for i in range(columns):
///         v = f((next(r) >> 40) * 2**-24 - 0.5); importance[i] = f(0) if next(r) >> 60 == 0 else v * v
///     return out, importance
/// ```
public enum EncodeInput {
    /// Even, peaked, far from zero, all negative, mostly zeros, and of very different sizes.
    public static func rows(columns: Int) -> [[Float]] {
        var random = SplitMix(11)
        return (0..<6).map { row in
            (0..<columns).map { _ in
                let v = number(&random)
                let k = random.next() >> 58
                switch row {
                case 0: return v
                case 1: return v * v * v
                case 2: return v + 3
                case 3: return -v.magnitude - 1
                case 4: return k % 16 == 0 ? v : 0
                default: return v * Float(sign: .plus, exponent: -Int(k % 40), significand: 1)
                }
            }
        }
    }

    public static func importance(columns: Int) -> [Float] {
        var random = SplitMix(12)
        return (0..<columns).map { _ in
            let v = number(&random)
            return random.next() >> 60 == 0 ? 0 : v * v
        }
    }

    /// -1/2 ..< 1/2
    private static func number(_ random: inout SplitMix) -> Float { Float(random.next() >> 40) * 0x1p-24 - 0.5 }

    /// FNV-1a, 64 bits.
    public static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
