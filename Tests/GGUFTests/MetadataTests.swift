import GGUF
import Testing

@Suite struct MetadataTests {
    private let metadata: Metadata
    init() throws { metadata = try GGUFFile(bytes: FileBytes(copying: sampleWriter().encoded())).metadata }

    @Test func valuesOfEveryType() throws {
        #expect(metadata["t.i8"] == .int8(-100) && metadata["t.u16"] == .uint16(60_000))
        #expect(metadata["t.i16"] == .int16(-30_000) && metadata["t.i64"] == .int64(.min))
        #expect(metadata["t.f64"] == .float64(-2.5))
        #expect(try metadata.uint8("t.u8") == 200)
        #expect(try metadata.uint32("t.u32") == 4_000_000_000)
        #expect(try metadata.int32("t.i32") == -2_000_000_000)
        #expect(try metadata.uint64("t.u64") == 1 << 63)
        #expect(try metadata.float32("t.f32") == 1.5)
        #expect(try metadata.bool("t.bool") == true)
        #expect(try metadata.string("t.string") == "caf\u{e9} \u{1f48e}")
        #expect(try metadata.requireUInt32Array("a.u32") == [1, 2, 3])
        #expect(try metadata.requireInt32Array("a.i32") == [4, 5, 6])
        #expect(try metadata.requireFloat32Array("a.f32") == [0.5, .infinity])
        #expect(try metadata.requireBoolArray("a.bool") == [true, false])
        #expect(metadata.keys.first == "general.architecture" && metadata.count == 27)
    }

    @Test func stringArrays() throws {
        let texts = try metadata.requireStringArray("a.string")
        #expect(texts.count == 302 && texts.text(7) == "piece 7" && texts.text(301) == "\n")
        #expect(texts[300].isEmpty && texts.offsets.count == 303 && texts.offsets.last == texts.bytes.count)
        #expect(texts == StringArray((0..<300).map { "piece \($0)" } + ["", "\n"]))
        #expect(try metadata.requireStringArray("a.empty").isEmpty)
    }

    @Test func integersOfAnyType() throws {
        let expected = ["t.u8": 200, "t.i8": -100, "t.u16": 60_000, "t.i16": -30_000, "t.u32": 4_000_000_000]
        for (key, value) in expected { #expect(try metadata.requireInteger(key) == value) }
        #expect(try metadata.integer("t.i64") == .min)
        #expect(throws: GGUFError.outOfRange(key: "t.u64", value: "9223372036854775808", type: "i64")) {
            try metadata.integer("t.u64")
        }
        #expect(throws: GGUFError.wrongType(key: "t.bool", expected: "integer", found: "bool")) {
            try metadata.integer("t.bool")
        }
    }

    @Test func oneNumberOrOneForEachLayer() throws {
        #expect(try metadata.uint32OrArray("t.u8", count: 2) == [200, 200])
        #expect(try metadata.uint32OrArray("t.u32", count: 0) == [])
        #expect(try metadata.uint32OrArray("a.u32", count: 3) == [1, 2, 3])
        #expect(try metadata.requireUInt32OrArray("a.i32", count: 3) == [4, 5, 6])
        #expect(try metadata.uint32OrArray("none", count: 3) == nil)
        #expect(throws: GGUFError.wrongCount(key: "a.u32", expected: 4, found: 3)) {
            try metadata.uint32OrArray("a.u32", count: 4)
        }
        #expect(throws: GGUFError.outOfRange(key: "a.i32.negative", value: "-5", type: "u32")) {
            try metadata.uint32OrArray("a.i32.negative", count: 3)
        }
        #expect(throws: GGUFError.outOfRange(key: "t.i8", value: "-100", type: "u32")) {
            try metadata.uint32OrArray("t.i8", count: 3)
        }
        #expect(throws: GGUFError.wrongType(key: "a.f32", expected: "array of u32 or i32", found: "array of f32")) {
            try metadata.uint32OrArray("a.f32", count: 2)
        }
    }

    @Test func absentAndWrongKinds() throws {
        #expect(try metadata.uint32("none") == nil && metadata.stringArray("none") == nil)
        #expect(throws: GGUFError.missingKey("none")) { try metadata.requireUInt32("none") }
        #expect(throws: GGUFError.missingKey("none")) { try metadata.requireStringArray("none") }
        #expect(throws: GGUFError.wrongType(key: "t.i32", expected: "u32", found: "i32")) {
            try metadata.uint32("t.i32")
        }
        #expect(throws: GGUFError.wrongType(key: "t.f64", expected: "f32", found: "f64")) {
            try metadata.float32("t.f64")
        }
        #expect(throws: GGUFError.wrongType(key: "a.string", expected: "string", found: "array of string")) {
            try metadata.string("a.string")
        }
        #expect(throws: GGUFError.wrongType(key: "a.u32", expected: "array of i32", found: "array of u32")) {
            try metadata.int32Array("a.u32")
        }
        #expect(throws: GGUFError.wrongType(key: "t.u8", expected: "array of f32", found: "u8")) {
            try metadata.float32Array("t.u8")
        }
    }

    @Test func textMustBeUTF8() throws {
        let file = try RawFile(keys: 1).key("k", 8).string([0xFF]).parse()
        #expect(throws: GGUFError.invalidText(key: "k")) { try file.metadata.string("k") }
        #expect(file.metadata["k"] == .string(ByteString([0xFF])))
    }

    @Test func pieceBytesAreKeptAsTheyAre() throws {
        let file = try RawFile(keys: 1).key("k", 9).u32(8).u64(2).string([0xFF, 0]).string("ok").parse()
        let texts = try file.metadata.requireStringArray("k")
        #expect(Array(texts[0]) == [0xFF, 0] && texts.text(0) == nil && texts.text(1) == "ok")
    }

    @Test func aFileThatChangesUnderTheReader() throws {
        let bytes = RawFile(keys: 1).key("k", 9).u32(8).u64(1).string("text").bytes
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        let file = try GGUFFile(bytes: FileBytes(static: memory, count: bytes.count))
        for length: UInt64 in [3, 5, .max] {
            memory.storeBytes(of: length.littleEndian, toByteOffset: 49, as: UInt64.self)
            #expect(throws: GGUFError.changedWhileReading(key: "k")) { try file.metadata.stringArray("k") }
        }
    }

    @Test func aLargeVocabularyIsReadInTime() throws {
        var writer = GGUFWriter()
        writer.add("tokens", .array(ArrayValue((0..<256_000).map { "tok\($0)" })))
        let bytes = FileBytes(copying: writer.encoded())
        let clock = ContinuousClock()
        var file: GGUFFile?
        let parsing = try clock.measure { file = try GGUFFile(bytes: bytes) }
        var texts: StringArray?
        let reading = try clock.measure { texts = try file?.metadata.stringArray("tokens") }
        #expect(texts?.count == 256_000 && texts?.text(255_999) == "tok255999")
        print("256,000 tokens: parsing \(parsing), reading \(reading)")
    }
}
