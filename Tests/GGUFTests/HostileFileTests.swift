import GGUF
import TestSupport
import Testing

/// Good files made bad: parsing must return or throw, whatever the bytes. A trap would end this process.
@Suite struct HostileFileTests {
    private func survives(_ bytes: [UInt8]) -> Bool {
        guard let file = try? GGUFFile(bytes: FileBytes(copying: bytes)) else { return false }
        _ = readEverything(file)
        return true
    }

    @Test func everyTruncationThrows() throws {
        let bytes = sampleWriter().encoded()
        let good = try GGUFFile(bytes: FileBytes(copying: bytes))
        let last = try #require(good.tensors.last)
        #expect(bytes.count > 15_000)
        for count in 0..<bytes.count {
            let isGood = survives(Array(bytes[..<count]))
            #expect(isGood == (count >= last.offset + last.byteCount), "cut to \(count) bytes")
        }
    }

    @Test func everyHeaderByteOverwritten() throws {
        let bytes = sampleWriter().encoded()
        let header = try GGUFFile(bytes: FileBytes(copying: bytes)).dataOffset
        var accepted = 0
        for offset in 0..<header {
            for value in [0x00, 0xFF, bytes[offset] ^ 0x80] {
                var changed = bytes
                changed[offset] = value
                accepted += survives(changed) ? 1 : 0
            }
        }
        #expect(accepted > 0)  // most bytes are text or numbers that may be anything
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func randomChanges(seed: UInt64) throws {
        var random = SplitMix(seed)
        let bytes = sampleWriter().encoded()
        let header = try GGUFFile(bytes: FileBytes(copying: bytes)).dataOffset
        let lengths: [UInt64] = [
            0, 1, 7, 8, 31, 63, 64, 255, 65_535, 65_536, 1 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 61, 1 << 62,
            (1 << 63) - 1, 1 << 63, .max - 31, .max - 7, .max,
        ]
        for _ in 0..<2500 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let offset = Int.random(in: 0..<header - 8, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0:
                    changed[offset] = UInt8.random(in: 0...255, using: &random)
                case 1:
                    let field = RawFile().u64(lengths.randomElement(using: &random) ?? 0).bytes
                    changed.replaceSubrange(offset..<offset + 8, with: field)
                case 2:
                    let field = RawFile().u32(UInt32.random(in: 0...50, using: &random)).bytes
                    changed.replaceSubrange(offset..<offset + 4, with: field)
                case 3:
                    changed.removeSubrange(offset..<offset + Int.random(in: 1...8, using: &random))
                default:
                    changed.insert(contentsOf: changed[offset..<offset + 8], at: offset)
                }
            }
            _ = survives(changed)
        }
    }

    /// Every length field of the file (found by where a length stands, not by chance) takes each bad value.
    @Test func everyEightBytesTakeBadLengths() throws {
        let bytes = sampleWriter().encoded()
        let header = try GGUFFile(bytes: FileBytes(copying: bytes)).dataOffset
        for length: UInt64 in [1 << 31, 1 << 63, .max] {
            let field = RawFile().u64(length).bytes
            for offset in 0..<header - 8 {
                var changed = bytes
                changed.replaceSubrange(offset..<offset + 8, with: field)
                _ = survives(changed)
            }
        }
    }

    @Test func noiseAfterTheMagic() {
        var random = SplitMix(99)
        for _ in 0..<2000 {
            let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = survives(RawFile(tensors: 2, keys: 3).adding(noise).bytes)
        }
    }

    @Test func theLargestHeadersAreReadInTime() throws {
        let clock = ContinuousClock()
        let strings = (GGUFFile.maximumHeaderSize - 100) / 8
        let manyStrings = RawFile(keys: 1).key("k", 9).u32(8).u64(UInt64(strings)).zeros(strings * 8)
        var manyKeys: [UInt8] = []
        for index in 0..<GGUFFile.maximumKeyCount { manyKeys += RawFile().key("key \(index)", 0).u8(1).bytes }
        let keys = RawFile(keys: UInt64(GGUFFile.maximumKeyCount)).adding(manyKeys)
        for (file, name) in [(manyStrings, "strings"), (keys, "keys")] {
            let bytes = FileBytes(copying: file.bytes)
            let time = try clock.measure { _ = try GGUFFile(bytes: bytes) }
            #expect(time < .seconds(1), "\(name)")
        }
    }
}
