internal import Crypto
public import Compute
public import GGUF

/// Everything that the numbers in a stored block depend on besides its tokens: blocks are used only where all of it is
/// the same.
public struct KVIdentity: Sendable, Hashable {
    /// SHA-256.
    let digest: [UInt8]
    let shape: KVShape

    /// - Parameters:
    ///   - fingerprint: SHA-256 of the model file.
    ///   - computation: the kernels' build and instruction set, and the paths of the plan, in any wording.
    public init(fingerprint: [UInt8], shape: KVShape, computation: String) {
        self.shape = shape
        var hash = SHA256()
        hash.update(data: Array("carat kv 1\n".utf8))
        hash.update(data: fingerprint)
        hash.update(data: Array("\(shape)\n\(computation)\n".utf8))
        digest = Array(hash.finalize())
    }

    /// SHA-256 of a file's bytes. About a second per GB.
    public static func fingerprint(of file: FileBytes) -> [UInt8] {
        file.withSpan { span in
            var hash = SHA256()
            span.withUnsafeBytes { hash.update(bufferPointer: $0) }
            return Array(hash.finalize())
        }
    }

    /// Name of the block with `tokens` after the block named `parent`; the names of a text's blocks are a chain.
    func key(of tokens: [Int32], after parent: KVKey?) -> KVKey {
        var hash = SHA256()
        hash.update(data: digest)
        hash.update(data: parent?.digest ?? [])
        tokens.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return KVKey(digest: Array(hash.finalize()))
    }
}

/// The name of a stored block: a hash of all that it depends on.
public struct KVKey: Sendable, Hashable {
    let digest: [UInt8]

    var fileName: String {
        digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined() + ".kv"
    }
}
