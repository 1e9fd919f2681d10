/// A string of a GGUF file: bytes that should be UTF-8 but need not be.
public struct ByteString: Hashable, Sendable, ExpressibleByStringLiteral {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(stringLiteral text: String) { self.init(text) }

    /// The text, or nil if the bytes are not valid UTF-8.
    public var text: String? { String(validating: bytes, as: UTF8.self) }
}
