import GGUF
import Testing

/// Files that are wrong in one place, and the error each must give.
@Suite struct HeaderParserTests {
    typealias Case = (name: String, file: RawFile, error: GGUFError)

    private func check(_ cases: [Case]) {
        for (name, file, error) in cases { #expect(file.error == error, "\(name)") }
    }

    @Test func beginning() {
        check([
            ("empty", RawFile(), .notGGUF(path: "(memory)", magic: [])),
            ("3 bytes", RawFile().text("GGU"), .truncated(.header, offset: 0, needed: 4, remaining: 3)),
            ("3 other bytes", RawFile().text("abc"), .notGGUF(path: "(memory)", magic: [97, 98, 99])),
            ("magic only", RawFile().text("GGUF"), .truncated(.header, offset: 4, needed: 4, remaining: 0)),
            ("bad magic", RawFile().text("gguf").zeros(64), .notGGUF(path: "(memory)", magic: [103, 103, 117, 102])),
            ("version 0", RawFile(version: 0), .unsupportedVersion(0)),
            ("version 1", RawFile(version: 1), .unsupportedVersion(1)),
            ("version 4", RawFile(version: 4), .unsupportedVersion(4)),
            ("big-endian 3", RawFile(version: 0x0300_0000), .bigEndian(version: 3)),
            (
                "tensors -1", RawFile(tensors: .max).zeros(100),
                .tooManyForFile(what: "tensors", count: .max, remaining: 100)
            ),
            (
                "keys -1", RawFile(keys: .max).zeros(100),
                .tooManyForFile(what: "metadata keys", count: .max, remaining: 100)
            ),
            ("keys over the limit", RawFile(keys: 70_000).zeros(1_000_000), .tooManyKeys(count: 70_000, limit: 65_536)),
            (
                "tensors over the limit", RawFile(tensors: 70_000).zeros(2_000_000),
                .tooManyTensors(count: 70_000, limit: 65_536)
            ),
        ])
    }

    @Test func emptyFilesOfBothVersionsAreGood() throws {
        for version: UInt32 in [2, 3] {
            let file = try RawFile(version: version).parse()
            #expect(file.version == version && file.tensors.isEmpty && file.metadata.count == 0)
            #expect(file.dataOffset == 24 && file.alignment == 32)
        }
        #expect(try RawFile().adding(RawFile(version: 3).bytes).zeros(100).parse().dataOffset == 32)
    }

    @Test func keys() {
        let one = RawFile(keys: 1)
        let tooLong = GGUFError.NameProblem.tooLong(bytes: 65_536, limit: 65_535)
        check([
            ("empty", one.key("", 0).zeros(20), .badKey(index: 0, offset: 24, problem: .empty)),
            ("NUL", one.key("a\0b", 0).zeros(20), .badKey(index: 0, offset: 24, problem: .containsNUL)),
            ("UTF-8", one.string([0xC3, 0x28]).zeros(20), .badKey(index: 0, offset: 24, problem: .notUTF8)),
            ("surrogate", one.string([0xED, 0xA0, 0x80]).zeros(20), .badKey(index: 0, offset: 24, problem: .notUTF8)),
            ("64 KiB", one.u64(65_536).zeros(70_000), .badKey(index: 0, offset: 24, problem: tooLong)),
            (
                "2^64-1", one.u64(.max).zeros(9),
                .badKey(index: 0, offset: 24, problem: .tooLong(bytes: .max, limit: 65_535))
            ),
            (
                "longer than the file", one.u64(30).zeros(29),
                .truncated(.key(index: 0), offset: 32, needed: 30, remaining: 29)
            ),
            ("twice", RawFile(keys: 2).key("k", 0).u8(1).key("k", 0).u8(1), .duplicateKey("k")),
            ("type 13", one.key("k", 13).zeros(9), .unknownValueType(key: "k", id: 13, offset: 33)),
            ("type -1", one.key("k", .max).zeros(9), .unknownValueType(key: "k", id: .max, offset: 33)),
            ("bool 2", one.key("k", 7).u8(2), .badBool(key: "k", value: 2, offset: 37)),
            ("bool 255", one.key("k", 7).u8(255), .badBool(key: "k", value: 255, offset: 37)),
        ])
    }

    @Test func stringLengths() {
        let one = RawFile(keys: 1).key("k", 8)
        for length: UInt64 in [11, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max] {
            let error = GGUFError.truncated(.value(key: "k"), offset: 45, needed: length, remaining: 10)
            #expect(one.u64(length).zeros(10).error == error, "\(length)")
        }
        #expect(one.u64(10).zeros(10).error == nil)
    }

    @Test func arrays() {
        let one = RawFile(keys: 1).key("k", 9)  // the element type is at byte 37, the elements at 49
        let value = GGUFError.Place.value(key: "k")
        check([
            ("of arrays", one.u32(9).u64(1).zeros(40), .nestedArray(key: "k", offset: 37)),
            ("of type 13", one.u32(13).u64(1).zeros(40), .unknownElementType(key: "k", id: 13, offset: 37)),
            ("of 2^40 bools", one.u32(7).u64(1 << 40), .truncated(value, offset: 49, needed: 1 << 40, remaining: 0)),
            ("of 2^61 u64", one.u32(10).u64(1 << 61), .truncated(value, offset: 49, needed: .max, remaining: 0)),
            ("of -1 strings", one.u32(8).u64(.max), .truncated(value, offset: 49, needed: .max, remaining: 0)),
            (
                "of 2 u32, 1 byte short", one.u32(4).u64(2).zeros(7),
                .truncated(value, offset: 49, needed: 8, remaining: 7)
            ),
            ("of a bool 2", one.u32(7).u64(2).u8(1).u8(2), .badBool(key: "k", value: 2, offset: 50)),
            (
                "second string too long", one.u32(8).u64(2).string("ab").u64(100).zeros(1),
                .truncated(value, offset: 67, needed: 100, remaining: 1)
            ),
        ])
        for type in [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12] as [UInt32] {
            #expect(one.u32(type).u64(0).error == nil, "0 elements of type \(type)")
        }
    }

    @Test func alignment() throws {
        let one = RawFile(keys: 1)
        for value: UInt32 in [0, 3, 13, 33, 1 << 21, 1 << 31, .max] {
            #expect(one.key("general.alignment", 4).u32(value).error == .badAlignment(value))
        }
        for value: UInt32 in [1, 8, 32, 64, 4096, 1 << 20] {
            #expect(try one.key("general.alignment", 4).u32(value).parse().alignment == Int(value))
        }
        let wrong = GGUFError.wrongType(key: "general.alignment", expected: "u32", found: "i32")
        #expect(one.key("general.alignment", 5).u32(64).error == wrong)
        let text = GGUFError.wrongType(key: "general.alignment", expected: "u32", found: "array of u32")
        #expect(one.key("general.alignment", 9).u32(4).u64(1).u32(64).error == text)
    }

    @Test func splitFiles() {
        let one = RawFile(keys: 1)
        #expect(one.key("split.count", 2).u8(2).u8(0).error == .splitFile(count: 2))
        #expect(one.key("split.count", 2).u8(1).u8(0).error == nil)
        #expect(one.key("split.count", 2).u8(0).u8(0).error == nil)
        let wrong = GGUFError.wrongType(key: "split.count", expected: "integer", found: "string")
        #expect(one.key("split.count", 8).string("2").error == wrong)
    }

    @Test func tensorDescriptions() {
        let one = RawFile(tensors: 1)
        let big = UInt64(Int.max)
        let name64 = String(repeating: "n", count: 64)
        check([
            (
                "name of 64", one.tensor(name64, [1]).zeros(99),
                .badTensorName(index: 0, offset: 24, problem: .tooLong(bytes: 64, limit: 63))
            ),
            ("no name", one.tensor("", [1]).zeros(99), .badTensorName(index: 0, offset: 24, problem: .empty)),
            ("NUL", one.tensor("a\0", [1]).zeros(99), .badTensorName(index: 0, offset: 24, problem: .containsNUL)),
            ("5 dimensions", one.tensor("t", [1, 1, 1, 1, 1]).zeros(99), .tooManyDimensions(tensor: "t", count: 5)),
            (
                "2^32-1 dimensions", one.string("t").u32(.max).zeros(99),
                .tooManyDimensions(tensor: "t", count: .max)
            ),
            (
                "dimension -1", one.tensor("t", [1, .max]).zeros(99),
                .dimensionTooLarge(tensor: "t", index: 1, value: .max)
            ),
            (
                "2^63-1 x 1", one.tensor("t", [big, 1]).zeros(99),
                .shapeTooLarge(tensor: "t", shape: [Int.max, 1])
            ),
            (
                "2^32 x 2^32", one.tensor("t", [1 << 32, 1 << 32]).zeros(99),
                .shapeTooLarge(tensor: "t", shape: [1 << 32, 1 << 32])
            ),
            (
                "4 times 4 (2^31-1)", one.tensor("t", Array(repeating: 4 * UInt64(Int32.max), count: 4)).zeros(99),
                .shapeTooLarge(tensor: "t", shape: Array(repeating: 4 * Int(Int32.max), count: 4))
            ),
            (
                "bytes overflow", one.tensor("t", [1 << 31, 1 << 30]).zeros(99),
                .shapeTooLarge(tensor: "t", shape: [1 << 31, 1 << 30])
            ),
            ("type 4", one.tensor("t", [32], type: 4).zeros(99), .removedTensorType(tensor: "t", id: 4, name: "Q4_2")),
            ("type 5", one.tensor("t", [32], type: 5).zeros(99), .removedTensorType(tensor: "t", id: 5, name: "Q4_3")),
            ("type 43", one.tensor("t", [32], type: 43).zeros(99), .unknownTensorType(tensor: "t", id: 43)),
            ("type -1", one.tensor("t", [32], type: .max).zeros(99), .unknownTensorType(tensor: "t", id: .max)),
            (
                "part of a block", one.tensor("t", [255], type: 12).zeros(999),
                .partialBlock(tensor: "t", type: .Q4_K, columns: 255)
            ),
            (
                "one number in blocks", one.tensor("t", [], type: 8).zeros(99),
                .partialBlock(tensor: "t", type: .Q8_0, columns: 1)
            ),
            (
                "cut", one.string("t").u32(2).u64(1).zeros(12),
                .truncated(.tensorInfo(name: "t"), offset: 57, needed: 8, remaining: 0)
            ),
        ])
    }

    @Test func zeroDimensionsAreAllowed() throws {
        let file = try RawFile(tensors: 4).tensor("a", [0]).tensor("b", [256, 0, 7], type: 12).tensor("c", [])
            .tensor("d", [0, 5], at: 32).padded().zeros(32).parse()
        #expect(file.tensors.map(\.elementCount) == [0, 0, 1, 0])
        #expect(file.tensors.map(\.byteCount) == [0, 0, 4, 0])
        #expect(file.tensors.map(\.rowCount) == [1, 0, 1, 5])
        #expect(file.tensors.map(\.bytesPerRow) == [4 * 0, 144, 4, 0])
    }

    @Test func aHeaderBeyondTheLimitIsRefused() {
        let size = 49 << 20
        let file = RawFile(keys: 1).key("k", 9).u32(0).u64(UInt64(size)).zeros(size)
        let error = GGUFError.headerTooLarge(.value(key: "k"), offset: 49, limit: GGUFFile.maximumHeaderSize)
        #expect(file.error == error)
    }
}
