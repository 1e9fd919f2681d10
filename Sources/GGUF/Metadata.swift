/// The key-value pairs of a file, in file order.
///
/// The typed getters (`uint32(_:)`, `require…(_:)`) never cast: a value of another type is an error that names the
/// key and both types, because a wrong type is the first sign of a file that means something else.
public struct Metadata: Sendable {
    /// One pair.
    public struct Entry: Equatable, Sendable {
        public let key: String
        public let value: Value
    }

    /// A value with its type.
    public enum Value: Equatable, Sendable {
        case uint8(UInt8)
        case int8(Int8)
        case uint16(UInt16)
        case int16(Int16)
        case uint32(UInt32)
        case int32(Int32)
        case float32(Float)
        case bool(Bool)
        case string(ByteString)
        case array(ArrayValue)
        case uint64(UInt64)
        case int64(Int64)
        case float64(Double)
    }

    public private(set) var entries: [Entry] = []
    private var index: [String: Int] = [:]

    public init() {}

    public var count: Int { entries.count }
    public var keys: [String] { entries.map(\.key) }

    /// The value of `key`, of whatever type.
    public subscript(key: String) -> Value? { index[key].map { entries[$0].value } }

    /// Adds a pair at the end; false if the key is there already.
    mutating func append(_ key: String, _ value: Value) -> Bool {
        guard index.updateValue(entries.count, forKey: key) == nil else { return false }
        entries.append(Entry(key: key, value: value))
        return true
    }

    /// Replaces the value of `key` in its place, or adds the pair at the end.
    mutating func set(_ key: String, _ value: Value) {
        if let position = index[key] {
            entries[position] = Entry(key: key, value: value)
        } else {
            _ = append(key, value)
        }
    }
}

extension Metadata.Value {
    public var type: ValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .array: .array
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }

    /// The type in words, with the element type of an array: `u32`, `array of string`.
    public var typeName: String {
        if case .array(let array) = self { return array.typeName }
        return type.description
    }
}
