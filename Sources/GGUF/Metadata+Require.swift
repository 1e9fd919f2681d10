/// The getters for keys that must be there: ``GGUFError/missingKey(_:)`` instead of nil.
extension Metadata {
    public func requireUInt8(_ key: String) throws(GGUFError) -> UInt8 { try present(key, try uint8(key)) }
    public func requireUInt32(_ key: String) throws(GGUFError) -> UInt32 { try present(key, try uint32(key)) }
    public func requireInt32(_ key: String) throws(GGUFError) -> Int32 { try present(key, try int32(key)) }
    public func requireUInt64(_ key: String) throws(GGUFError) -> UInt64 { try present(key, try uint64(key)) }
    public func requireFloat32(_ key: String) throws(GGUFError) -> Float { try present(key, try float32(key)) }
    public func requireBool(_ key: String) throws(GGUFError) -> Bool { try present(key, try bool(key)) }
    public func requireString(_ key: String) throws(GGUFError) -> String { try present(key, try string(key)) }
    public func requireInteger(_ key: String) throws(GGUFError) -> Int { try present(key, try integer(key)) }

    public func requireUInt32Array(_ key: String) throws(GGUFError) -> [UInt32] {
        try present(key, try uint32Array(key))
    }

    public func requireInt32Array(_ key: String) throws(GGUFError) -> [Int32] {
        try present(key, try int32Array(key))
    }

    public func requireFloat32Array(_ key: String) throws(GGUFError) -> [Float] {
        try present(key, try float32Array(key))
    }

    public func requireBoolArray(_ key: String) throws(GGUFError) -> [Bool] {
        try present(key, try boolArray(key))
    }

    public func requireStringArray(_ key: String) throws(GGUFError) -> StringArray {
        try present(key, try stringArray(key))
    }

    public func requireUInt32OrArray(_ key: String, count: Int) throws(GGUFError) -> [UInt32] {
        try present(key, try uint32OrArray(key, count: count))
    }

    private func present<T>(_ key: String, _ value: T?) throws(GGUFError) -> T {
        guard let value else { throw .missingKey(key) }
        return value
    }
}
