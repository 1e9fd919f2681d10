import GGUF

/// A GGUF file put together number by number, so that it can be wrong in any place.
struct RawFile {
    var bytes: [UInt8] = []

    init() {}

    /// A header with the given counts.
    init(version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0) {
        self = RawFile().text("GGUF").u32(version).u64(tensors).u64(keys)
    }

    func adding(_ more: [UInt8]) -> RawFile {
        var copy = self
        copy.bytes += more
        return copy
    }

    func text(_ text: String) -> RawFile { adding(Array(text.utf8)) }
    func u8(_ value: UInt8) -> RawFile { adding([value]) }
    func u32(_ value: UInt32) -> RawFile { adding((0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }) }
    func u64(_ value: UInt64) -> RawFile { adding((0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }) }
    func string(_ bytes: [UInt8]) -> RawFile { u64(UInt64(bytes.count)).adding(bytes) }
    func string(_ text: String) -> RawFile { string(Array(text.utf8)) }
    func zeros(_ count: Int) -> RawFile { adding(Array(repeating: 0, count: count)) }

    /// A key and the number of its value type.
    func key(_ key: String, _ type: UInt32) -> RawFile { string(key).u32(type) }

    /// A tensor description.
    func tensor(_ name: String, _ shape: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0) -> RawFile {
        var file = string(name).u32(UInt32(shape.count))
        for size in shape { file = file.u64(size) }
        return file.u32(type).u64(offset)
    }

    func padded(_ alignment: Int = 32) -> RawFile {
        zeros((alignment - bytes.count % alignment) % alignment)
    }

    func parse() throws(GGUFError) -> GGUFFile { try GGUFFile(bytes: FileBytes(copying: bytes)) }

    /// The error that parsing gives, or nil.
    var error: GGUFError? {
        do {
            _ = try parse()
            return nil
        } catch {
            return error
        }
    }
}

/// Asks for everything that a file offers, as hostile data may lie in wait behind any getter.
func readEverything(_ file: GGUFFile) -> Int {
    var sum = file.alignment &+ file.dataOffset
    for entry in file.metadata.entries {
        let key = entry.key
        // Only the getters that fit: each error thrown costs the test library a walk over the stack.
        switch entry.value {
        case .string: sum &+= (try? file.metadata.string(key)?.count) ?? 0
        case .array(let array):
            sum &+= array.encodedBytes.count
            switch array.elementType {
            case .uint32: sum &+= (try? file.metadata.uint32OrArray(key, count: array.count)?.count) ?? 0
            case .int32: sum &+= (try? file.metadata.uint32OrArray(key, count: array.count)?.count) ?? 0
            case .float32: sum &+= (try? file.metadata.float32Array(key)?.count) ?? 0
            case .bool: sum &+= (try? file.metadata.boolArray(key)?.count) ?? 0
            case .string:
                guard let texts = try? file.metadata.stringArray(key) else { continue }
                for index in texts.indices { sum &+= texts[index].count }
            default: continue
            }
        case .float32, .float64, .bool: continue
        default: sum &+= (try? file.metadata.integer(key)) ?? 0
        }
    }
    for tensor in file.tensors {
        let data = file.bytes.pointer(at: tensor.offset, count: tensor.byteCount)
        for offset in [0, tensor.byteCount - 1] where offset >= 0 && offset < tensor.byteCount {
            sum &+= Int(data.load(fromByteOffset: offset, as: UInt8.self))
        }
    }
    return sum
}

/// A good file of about 20 KB with all value types and several tensor types.
func sampleWriter(alignment: Int = 32, version: UInt32 = 3) -> GGUFWriter {
    var writer = GGUFWriter(alignment: alignment, version: version)
    writer.add("general.architecture", .string("gemma"))
    writer.add("t.u8", .uint8(200))
    writer.add("t.i8", .int8(-100))
    writer.add("t.u16", .uint16(60_000))
    writer.add("t.i16", .int16(-30_000))
    writer.add("t.u32", .uint32(4_000_000_000))
    writer.add("t.i32", .int32(-2_000_000_000))
    writer.add("t.f32", .float32(1.5))
    writer.add("t.bool", .bool(true))
    writer.add("t.string", .string("caf\u{e9} \u{1f48e}"))
    writer.add("t.u64", .uint64(1 << 63))
    writer.add("t.i64", .int64(.min))
    writer.add("t.f64", .float64(-2.5))
    writer.add("a.u8", .array(ArrayValue([1, 2] as [UInt8])))
    writer.add("a.i8", .array(ArrayValue([-1] as [Int8])))
    writer.add("a.u16", .array(ArrayValue([7] as [UInt16])))
    writer.add("a.i16", .array(ArrayValue([-7] as [Int16])))
    writer.add("a.u32", .array(ArrayValue([1, 2, 3] as [UInt32])))
    writer.add("a.i32", .array(ArrayValue([4, 5, 6] as [Int32])))
    writer.add("a.i32.negative", .array(ArrayValue([4, -5, 6] as [Int32])))
    writer.add("a.f32", .array(ArrayValue([0.5, .infinity] as [Float])))
    writer.add("a.bool", .array(ArrayValue([true, false])))
    writer.add("a.string", .array(ArrayValue((0..<300).map { "piece \($0)" } + ["", "\n"])))
    writer.add("a.u64", .array(ArrayValue([.max] as [UInt64])))
    writer.add("a.i64", .array(ArrayValue([.min] as [Int64])))
    writer.add("a.f64", .array(ArrayValue([1e300] as [Double])))
    writer.add("a.empty", .array(ArrayValue([] as [String])))
    var seed: UInt8 = 0
    func data(_ count: Int) -> [UInt8] {
        seed &+= 1
        return (0..<count).map { UInt8(truncatingIfNeeded: $0) &* 31 &+ seed }
    }
    writer.addTensor("token_embd.weight", type: .Q4_K, shape: [256, 40], bytes: data(144 * 40))
    writer.addTensor("blk.0.attn_norm.weight", type: .F32, shape: [3], bytes: data(12))
    writer.addTensor("blk.0.ffn_down.weight", type: .Q8_0, shape: [64, 5], bytes: data(34 * 2 * 5))
    writer.addTensor("empty", type: .Q6_K, shape: [256, 0], bytes: [])
    writer.addTensor("scalar", type: .BF16, shape: [], bytes: data(2))
    writer.addTensor("four", type: .F16, shape: [2, 3, 4, 5], bytes: data(240))
    writer.addTensor("not.computable", type: .IQ2_XS, shape: [256, 3], bytes: data(74 * 3))
    writer.addTensor("last", type: .Q6_K, shape: [256, 24], bytes: data(210 * 24))
    return writer
}
