internal import Compute
internal import Crypto

/// The bytes of a stored block: a page of header, then keys and values as they lie in memory.
///
/// Header, little-endian: "CARATKV1", identity, parent's name (zeros for none), payload's SHA-256 (32 bytes each), bytes
/// of the payload (8), number of tokens (4), tokens (4 each), zeros, and last the SHA-256 of all that.
struct KVRecord {
    static let headerBytes = 4096
    static let magic = Array("CARATKV1".utf8)

    /// Why a file is no record of what it was asked for.
    enum Fault: String, Error {
        case size = "it has another size than a block"
        case magic = "it is no block of this format"
        case checksum = "its header is damaged"
        case identity = "it belongs to another model or way of computing"
        case tokens = "it holds other tokens"
        case payload = "its keys and values are damaged"
    }

    let identity: KVIdentity
    let parent: KVKey?
    let tokens: [Int32]

    /// The header of a file whose payload has the hash `payload`.
    func header(payload: [UInt8]) -> [UInt8] {
        let bytes = unsigned(payload: payload)
        return bytes + Array(SHA256.hash(data: bytes))
    }

    /// Throws: the first thing that is wrong with a file's bytes.
    func check(_ bytes: RawSpan) throws(Fault) {
        let size = Self.headerBytes + identity.shape.blockBytes
        guard bytes.byteCount == size else { throw .size }
        let header = bytes.extracting(0..<Self.headerBytes)
        guard array(header, 0..<8) == Self.magic else { throw .magic }
        let stored = array(header, Self.headerBytes - 32..<Self.headerBytes)
        guard hash(bytes.extracting(0..<Self.headerBytes - 32)) == stored else { throw .checksum }
        guard array(header, 8..<40) == identity.digest else { throw .identity }
        let payload = bytes.extracting(Self.headerBytes..<size)
        let digest = array(header, 72..<104)
        // all the rest of the header is what this record would write
        let expected = unsigned(payload: digest)
        guard array(header, 0..<Self.headerBytes - 32) == expected else { throw .tokens }
        guard hash(payload) == digest else { throw .payload }
    }

    private func unsigned(payload: [UInt8]) -> [UInt8] {
        var bytes = Self.magic + identity.digest + (parent?.digest ?? [UInt8](repeating: 0, count: 32)) + payload
        append(UInt64(identity.shape.blockBytes), to: &bytes)
        append(UInt32(tokens.count), to: &bytes)
        for token in tokens { append(token, to: &bytes) }
        return bytes + [UInt8](repeating: 0, count: Self.headerBytes - 32 - bytes.count)
    }

    private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    private func hash(_ span: RawSpan) -> [UInt8] {
        var hash = SHA256()
        span.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    private func array(_ span: RawSpan, _ range: Range<Int>) -> [UInt8] {
        range.map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
}
