extension Metadata {
    public func uint8(_ key: String) throws(GGUFError) -> UInt8? {
        guard let value = self[key] else { return nil }
        guard case .uint8(let number) = value else { throw wrongType(key, "u8", value) }
        return number
    }

    public func uint32(_ key: String) throws(GGUFError) -> UInt32? {
        guard let value = self[key] else { return nil }
        guard case .uint32(let number) = value else { throw wrongType(key, "u32", value) }
        return number
    }

    public func int32(_ key: String) throws(GGUFError) -> Int32? {
        guard let value = self[key] else { return nil }
        guard case .int32(let number) = value else { throw wrongType(key, "i32", value) }
        return number
    }

    public func uint64(_ key: String) throws(GGUFError) -> UInt64? {
        guard let value = self[key] else { return nil }
        guard case .uint64(let number) = value else { throw wrongType(key, "u64", value) }
        return number
    }

    /// The number as it stands, which may be infinite or not a number.
    public func float32(_ key: String) throws(GGUFError) -> Float? {
        guard let value = self[key] else { return nil }
        guard case .float32(let number) = value else { throw wrongType(key, "f32", value) }
        return number
    }

    public func bool(_ key: String) throws(GGUFError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(key, "bool", value) }
        return flag
    }

    /// Throws: ``GGUFError/invalidText(key:)`` if the bytes are not UTF-8.
    public func string(_ key: String) throws(GGUFError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let string) = value else { throw wrongType(key, "string", value) }
        guard let text = string.text else { throw .invalidText(key: key) }
        return text
    }

    /// An integer of any of the eight integer types.
    ///
    /// Throws: ``GGUFError/outOfRange(key:value:type:)`` for a u64 that an Int cannot hold.
    public func integer(_ key: String) throws(GGUFError) -> Int? {
        guard let value = self[key] else { return nil }
        switch value {
        case .uint8(let number): return Int(number)
        case .int8(let number): return Int(number)
        case .uint16(let number): return Int(number)
        case .int16(let number): return Int(number)
        case .uint32(let number): return Int(number)
        case .int32(let number): return Int(number)
        case .int64(let number): return Int(number)
        case .uint64(let number):
            guard let result = Int(exactly: number) else {
                throw .outOfRange(key: key, value: "\(number)", type: "i64")
            }
            return result
        default: throw wrongType(key, "integer", value)
        }
    }
}

extension Metadata {
    public func uint32Array(_ key: String) throws(GGUFError) -> [UInt32]? {
        try array(key, of: .uint32)?.integers(as: UInt32.self)
    }

    public func int32Array(_ key: String) throws(GGUFError) -> [Int32]? {
        try array(key, of: .int32)?.integers(as: Int32.self)
    }

    /// The numbers as they stand, which may be infinite or not numbers.
    public func float32Array(_ key: String) throws(GGUFError) -> [Float]? {
        try array(key, of: .float32)?.integers(as: UInt32.self).map(Float.init(bitPattern:))
    }

    public func boolArray(_ key: String) throws(GGUFError) -> [Bool]? {
        try array(key, of: .bool)?.integers(as: UInt8.self).map { $0 != 0 }
    }

    /// Texts of any bytes: a vocabulary may hold pieces that are not valid UTF-8.
    public func stringArray(_ key: String) throws(GGUFError) -> StringArray? {
        guard let array = try array(key, of: .string) else { return nil }
        guard let strings = array.strings() else { throw .changedWhileReading(key: key) }
        return strings
    }

    /// One number for each of `count` layers: files give either an array, or one integer for all.
    ///
    /// Arrays may be u32 or i32, since converters write whole numbers as i32.
    /// Throws: ``GGUFError/wrongCount(key:expected:found:)``, ``GGUFError/outOfRange(key:value:type:)`` (negative).
    public func uint32OrArray(_ key: String, count: Int) throws(GGUFError) -> [UInt32]? {
        precondition(count >= 0, "uint32OrArray of \(count) entries")
        guard let value = self[key] else { return nil }
        guard case .array(let array) = value else {
            guard let number = try integer(key) else { return nil }
            guard let result = UInt32(exactly: number) else {
                throw .outOfRange(key: key, value: "\(number)", type: "u32")
            }
            return Array(repeating: result, count: count)
        }
        guard array.elementType == .uint32 || array.elementType == .int32 else {
            throw wrongType(key, "array of u32 or i32", value)
        }
        guard array.count == count else { throw .wrongCount(key: key, expected: count, found: array.count) }
        guard array.elementType == .int32 else { return array.integers(as: UInt32.self) }
        var result: [UInt32] = []
        result.reserveCapacity(count)
        for number in array.integers(as: Int32.self) {
            guard let converted = UInt32(exactly: number) else {
                throw .outOfRange(key: key, value: "\(number)", type: "u32")
            }
            result.append(converted)
        }
        return result
    }

    private func array(_ key: String, of type: ValueType) throws(GGUFError) -> ArrayValue? {
        guard let value = self[key] else { return nil }
        guard case .array(let array) = value, array.elementType == type else {
            throw wrongType(key, "array of \(type)", value)
        }
        return array
    }

    private func wrongType(_ key: String, _ expected: String, _ value: Value) -> GGUFError {
        .wrongType(key: key, expected: expected, found: value.typeName)
    }
}
