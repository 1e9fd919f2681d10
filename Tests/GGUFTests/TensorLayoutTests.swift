import GGUF
import Testing

@Suite struct TensorLayoutTests {
    /// Two F32 tensors of 8 numbers (32 bytes) each, at the given offsets, with `data` bytes of data section.
    private func two(_ first: UInt64, _ second: UInt64, data: Int = 64) -> RawFile {
        RawFile(tensors: 2).tensor("a", [8], at: first).tensor("b", [4, 2], at: second).padded().zeros(data)
    }

    @Test func offsetsMustFollowOneAnother() throws {
        let file = two(0, 32)
        #expect(file.error == nil)
        let size = file.bytes.count
        #expect(two(0, 0).error == .tensorOverlap("b", offset: 0, previous: "a", previousEnd: 32))
        #expect(two(0, 16).error == .tensorUnaligned("b", offset: 16, alignment: 32))
        #expect(two(0, 33).error == .tensorUnaligned("b", offset: 33, alignment: 32))
        #expect(two(0, .max).error == .tensorUnaligned("b", offset: .max, alignment: 32))
        #expect(two(0, 64).error == .tensorGap("b", offset: 64, expected: 32))
        #expect(two(32, 64).error == .tensorGap("a", offset: 32, expected: 0))
        #expect(two(0, 1 << 40).error == .tensorOffsetTooLarge("b", offset: 1 << 40, fileSize: size))
        let last = UInt64.max - 31
        #expect(two(0, last).error == .tensorOffsetTooLarge("b", offset: last, fileSize: size))
    }

    @Test func dataMustBeThere() throws {
        let size = two(0, 32).bytes.count
        #expect(two(0, 32, data: 63).error == .tensorPastEnd("b", end: UInt64(size), fileSize: size - 1))
        #expect(two(0, 32, data: 32).error == .tensorPastEnd("b", end: UInt64(size), fileSize: size - 32))
        #expect(two(0, 32, data: 0).error == .tensorPastEnd("a", end: UInt64(size - 32), fileSize: size - 64))
        #expect(two(0, 32, data: 65).error == nil)
    }

    @Test func theLastTensorNeedsNoPadding() throws {
        let file = try RawFile(tensors: 1).tensor("a", [3]).padded().zeros(12).parse()
        #expect(file.tensor("a")?.byteCount == 12)
    }

    @Test func sumsThatWrapAreRefused() {
        // Each tensor can be counted, but neither the first with its padding nor the sum can.
        let almost = UInt64(Int.max)
        let one = RawFile(tensors: 1).tensor("a", [almost], type: 24).padded().zeros(64)
        #expect(one.error == .tensorsTooLarge("a"))
        let half = UInt64(1) << 62
        let zero = RawFile(tensors: 2).tensor("a", [half], type: 24).tensor("b", [half], type: 24, at: half).padded()
        #expect(zero.error == .tensorPastEnd("a", end: half + UInt64(zero.bytes.count), fileSize: zero.bytes.count))
    }

    @Test func namesAreUnique() {
        let file = RawFile(tensors: 2).tensor("a", [8]).tensor("a", [8], at: 32).padded().zeros(64)
        #expect(file.error == .duplicateTensor("a"))
    }

    @Test func offsetsMadeForAnotherAlignment() {
        let header = RawFile(tensors: 2, keys: 1).key("general.alignment", 4).u32(64)
        let file = header.tensor("a", [8]).tensor("b", [8], at: 32).padded(64).zeros(128)
        #expect(file.error == .tensorUnaligned("b", offset: 32, alignment: 64))
    }

    @Test func bytesAroundTheFile() throws {
        let file = try two(0, 32).zeros(1000).parse()
        #expect(file.tensors.map(\.offset) == [file.dataOffset, file.dataOffset + 32])
        #expect(file.dataOffset % 32 == 0)
    }
}
